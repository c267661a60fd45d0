using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Threading;

namespace EchoSocket.Shell;

/// <summary>The engine's streams on the console: output to standard output, everything else to standard error.</summary>
internal sealed class ShellConsole : PSHostUserInterface
{
    private const string Red = "\e[31;1m";
    private const string Yellow = "\e[33;1m";
    private const string Reset = "\e[0m";

    private readonly LineReader _input = new();
    private readonly ProgressLine _progress = new();
    private TextWriter _output = Console.Out;

    /// <summary>Cancelled by Ctrl+C while something runs or reads.</summary>
    public CancellationTokenSource? Interruption { get; set; }

    public override PSHostRawUserInterface RawUI { get; } = new ShellRawUI();

    public override bool SupportsVirtualTerminal => !Console.IsOutputRedirected;

    /// <summary>Sends what is written to standard error until the result is disposed.</summary>
    public IDisposable ToStandardError()
    {
        _output = Console.Error;
        return new Restore(() => _output = Console.Out);
    }

    public override string? ReadLine()
    {
        try
        {
            return _input.ReadLine(Interruption?.Token ?? CancellationToken.None);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    public override void Write(string value)
    {
        _progress.Clear();
        _output.Write(GetOutputString(value, SupportsVirtualTerminal));
    }

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    public override void WriteLine(string value) => Write(value + Environment.NewLine);

    public override void WriteErrorLine(string value) => Aside(Red, value);

    public override void WriteWarningLine(string message) => Aside(Yellow, "WARNING: " + message);

    public override void WriteVerboseLine(string message) => Aside(Yellow, "VERBOSE: " + message);

    public override void WriteDebugLine(string message) => Aside(Yellow, "DEBUG: " + message);

    public override void WriteProgress(long sourceId, ProgressRecord record) => _progress.Show(record);

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        Announce(caption, message);
        var answers = new Dictionary<string, PSObject>();
        foreach (var field in descriptions)
        {
            var isList = field.ParameterTypeFullName.EndsWith("[]", StringComparison.Ordinal);
            answers[field.Name] = isList ? PSObject.AsPSObject(AskMany(field.Name)) : PSObject.AsPSObject(Ask($"{field.Name}: ") ?? "");
        }

        return answers;
    }

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        Announce(caption, message);
        for (var i = 0; i < choices.Count; i++)
            WriteLine($"[{i + 1}] {choices[i].Label.Replace("&", "", StringComparison.Ordinal)}{(i == defaultChoice ? " (default)" : "")}");

        while (true)
        {
            var answer = Ask("Number: ");
            if (string.IsNullOrEmpty(answer))
                return defaultChoice;
            if (int.TryParse(answer, out var number) && number >= 1 && number <= choices.Count)
                return number - 1;
        }
    }

    public override SecureString ReadLineAsSecureString() => throw NoSecrets();

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw NoSecrets();

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
        throw NoSecrets();

    private static PSNotSupportedException NoSecrets() =>
        new("This shell does not ask for passwords. Pass a credential object, or use a full PowerShell.");

    private void Announce(string caption, string message)
    {
        foreach (var line in new[] { caption, message })
        {
            if (!string.IsNullOrEmpty(line))
                WriteLine(line);
        }
    }

    private string? Ask(string question)
    {
        Write(question);
        return ReadLine();
    }

    private string[] AskMany(string name)
    {
        var answers = new List<string>();
        while (Ask($"{name}[{answers.Count}]: ") is { Length: > 0 } answer)
            answers.Add(answer);
        return [.. answers];
    }

    private void Aside(string color, string text)
    {
        _progress.Clear();
        Console.Error.WriteLine(Console.IsErrorRedirected || text.Contains('\e', StringComparison.Ordinal) ? text : color + text + Reset);
    }

    private sealed class Restore(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
