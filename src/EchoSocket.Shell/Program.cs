using System;
using System.IO;
using System.Management.Automation;

namespace EchoSocket.Shell;

internal static class Program
{
    private const string Usage = """
        A console for the PowerShell engine, with the EchoSocket module imported.

          EchoSocket.Shell                      an interactive prompt
          EchoSocket.Shell SCRIPT.ps1 [args]    runs a script
          EchoSocket.Shell -Command 'TEXT'      runs a command

        Only the engine's own commands are there: those of Microsoft.PowerShell.Utility and
        Microsoft.PowerShell.Management (Select-Object, Write-Host, Get-Process, ...) are not.
        """;

    private static int Main(string[] args)
    {
        using var session = new ShellSession();
        return args switch
        {
            [] => new InteractiveLoop(session).Run(),
            ["-?" or "-h" or "--help", ..] => Help(),
            ["-Command" or "-command" or "-c"] => Refuse("-Command needs the text of a command after it."),
            ["-Command" or "-command" or "-c", .. var words] => session.Run(shell => shell.AddScript(string.Join(' ', words))),
            [['-', ..], ..] => Refuse($"'{args[0]}' is not an option; give a script, -Command or nothing."),
            [var script, ..] when !File.Exists(script) => Refuse($"There is no script '{script}' in {Environment.CurrentDirectory}."),
            [var script, .. var rest] => session.Run(shell => AddScriptFile(shell, Path.GetFullPath(script), rest)),
        };
    }

    private static int Help()
    {
        Console.WriteLine(Usage);
        return 0;
    }

    private static int Refuse(string reason)
    {
        Console.Error.WriteLine(reason);
        return ShellSession.UsageError;
    }

    // As pwsh -File does: "-Name value" and "-Name:value" are named, "-Name" alone is a switch, the rest is positional.
    private static void AddScriptFile(PowerShell shell, string path, string[] arguments)
    {
        shell.AddCommand(path, useLocalScope: false);
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = arguments[i];
            if (!IsName(argument))
                shell.AddArgument(argument);
            else if (argument.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
                shell.AddParameter(argument[1..colon], argument[(colon + 1)..]);
            else if (i + 1 < arguments.Length && !IsName(arguments[i + 1]))
                shell.AddParameter(argument[1..], arguments[++i]);
            else
                shell.AddParameter(argument[1..]);
        }
    }

    private static bool IsName(string argument) => argument is ['-', var first, ..] && char.IsLetter(first);
}
