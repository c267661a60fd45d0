using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Module.Tests;

/// <summary>A host whose user types given lines. Null is the end of the input.</summary>
internal sealed class ScriptedHost(params string?[] lines) : PSHost
{
    /// <summary>A line that never comes: the host waits until it is told that it was stopped.</summary>
    public const string WaitsForStop = "\0waits";

    private const string AfterMark = "\0after";

    private readonly StringBuilder _text = new();
    private int _next;

    public bool HasUI { get; init; } = true;

    /// <summary>The screen's columns; none if 0.</summary>
    public int Width { get; init; }

    /// <summary>The screen can move its cursor.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>The choice that the user makes when asked; without one a question is an error.</summary>
    public string? Choice { get; init; }

    public ManualResetEventSlim? Stopped { get; init; }

    public TaskCompletionSource Waiting { get; } = new();

    /// <summary>Everything shown, with line feeds as line ends.</summary>
    public string Text
    {
        get
        {
            lock (_text)
                return _text.ToString();
        }
    }

    /// <summary>A line that the user types when the host has shown a text.</summary>
    public static string After(string text, string line) => string.Join(AfterMark, "", text, line);

    public override string Name => "Scripted";

    public override Version Version { get; } = new(1, 0);

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;

    public override PSHostUserInterface? UI => HasUI ? field ??= new ScriptedUI(this) : null;

    public override void SetShouldExit(int exitCode)
    {
    }

    public override void EnterNestedPrompt() => throw new NotSupportedException();

    public override void ExitNestedPrompt() => throw new NotSupportedException();

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }

    private string? Line()
    {
        var line = _next < lines.Length ? lines[_next++] : null;
        if (line?.Split(AfterMark) is ["", var text, var then])
        {
            Bounded.Until(() => Text.Contains(text, StringComparison.Ordinal));
            return then;
        }

        if (line != WaitsForStop)
            return line;

        Waiting.SetResult();
        Stopped!.Wait(Bounded.Limit);
        throw new PipelineStoppedException();
    }

    private void Show(string text)
    {
        lock (_text)
            _text.Append(PSHostUserInterface.GetOutputString(text, supportsVirtualTerminal: false));
    }

    private sealed class ScriptedUI(ScriptedHost host) : PSHostUserInterface
    {
        public override PSHostRawUserInterface? RawUI { get; } = host.Width > 0 ? new ScriptedScreen(host.Width) : null;

        public override bool SupportsVirtualTerminal => host.IsTerminal;

        public override string? ReadLine() => host.Line();

        public override void Write(string value) => host.Show(value);

        public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => host.Show(value);

        public override void WriteLine(string value) => host.Show(value + "\n");

        public override void WriteErrorLine(string value) => host.Show($"ERROR: {value}\n");

        public override void WriteDebugLine(string message) => host.Show($"DEBUG: {message}\n");

        public override void WriteVerboseLine(string message) => host.Show($"VERBOSE: {message}\n");

        public override void WriteWarningLine(string message) => host.Show($"WARNING: {message}\n");

        public override void WriteProgress(long sourceId, ProgressRecord record)
        {
        }

        public override SecureString ReadLineAsSecureString() => throw new NotSupportedException();

        public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
            throw new NotSupportedException();

        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
            throw new NotSupportedException();

        public override PSCredential PromptForCredential(
            string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
            throw new NotSupportedException();

        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
        {
            host.Show($"{message}\n");
            return choices.Select(c => c.Label.Replace("&", "", StringComparison.Ordinal)).ToList().IndexOf(
                host.Choice ?? throw new NotSupportedException());
        }
    }
}
