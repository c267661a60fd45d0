using System;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace EchoSocket.Shell;

/// <summary>What the engine knows of its host.</summary>
internal sealed class ShellHost : PSHost
{
    public ShellConsole Console { get; } = new();

    /// <summary>Set by <c>exit</c>.</summary>
    public int? ExitCode { get; private set; }

    public override string Name => "EchoSocket.Shell";

    public override Version Version { get; } = typeof(ShellHost).Assembly.GetName().Version!;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override PSHostUserInterface UI => Console;

    public override CultureInfo CurrentCulture { get; } = CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture { get; } = CultureInfo.CurrentUICulture;

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new PSNotSupportedException("This shell has no nested prompts.");

    public override void ExitNestedPrompt() => throw new PSNotSupportedException("This shell has no nested prompts.");

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }
}
