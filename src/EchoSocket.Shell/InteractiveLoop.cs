using System;
using System.Linq;
using System.Management.Automation.Language;

namespace EchoSocket.Shell;

/// <summary>Reads commands and runs them until <c>exit</c> or the end of the input.</summary>
internal sealed class InteractiveLoop(ShellSession session)
{
    public int Run()
    {
        while (true)
        {
            var command = ReadCommand();
            if (command is null)
                return session.ExitCode ?? 0;
            if (string.IsNullOrWhiteSpace(command))
                continue;

            session.Run(shell => shell.AddScript(command));
            if (session.ExitCode is { } code)
                return code;
        }
    }

    // A command goes on over several lines while the parser says that something is still open.
    private string? ReadCommand()
    {
        session.Write(session.Prompt());
        var command = session.ReadLine();
        while (!string.IsNullOrEmpty(command) && IsIncomplete(command))
        {
            session.Write(">> ");
            var line = session.ReadLine();
            if (string.IsNullOrEmpty(line))
                return line is null ? command : "";
            command += Environment.NewLine + line;
        }

        return command;
    }

    private static bool IsIncomplete(string command)
    {
        Parser.ParseInput(command, out _, out var errors);
        return errors.Any(e => e.IncompleteInput);
    }
}
