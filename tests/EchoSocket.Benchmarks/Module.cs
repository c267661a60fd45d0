using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace EchoSocket.Benchmarks;

/// <summary>The built module, as its users import it.</summary>
internal static class Module
{
    public static string Root { get; } = FindRoot();

    public static string Manifest { get; } = Path.Combine(Root, "EchoSocket.psd1");

    /// <summary>A runspace that imported the module, with more cmdlets.</summary>
    public static Runspace Open(params (string Name, Type Cmdlet)[] others)
    {
        var state = InitialSessionState.CreateDefault2();
        state.ImportPSModule(Manifest);
        state.Commands.Add(new SessionStateCmdletEntry("Write-Sequence", typeof(WriteSequenceCommand), null));
        state.Commands.Add(new SessionStateCmdletEntry("Write-Same", typeof(WriteSameCommand), null));
        state.Commands.Add(new SessionStateCmdletEntry("Measure-Count", typeof(MeasureCountCommand), null));
        foreach (var (name, cmdlet) in others)
            state.Commands.Add(new SessionStateCmdletEntry(name, cmdlet, null));
        var runspace = RunspaceFactory.CreateRunspace(state);
        runspace.Open();
        return runspace;
    }

    /// <summary>Sends the messages through one pipeline, and counts the replies.</summary>
    public static Collection<PSObject> Send(PowerShell shell, int port, IEnumerable<string> messages) =>
        shell.AddCommand("Write-Sequence").AddParameter("Source", messages)
            .AddCommand("Send-EchoMessage").AddParameter("Port", port).AddParameter("ComputerName", "127.0.0.1")
            .AddCommand("Measure-Count")
            .Invoke();

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "EchoSocket.psd1")))
            folder = folder.Parent ?? throw new FileNotFoundException("EchoSocket.psd1");
        return folder.FullName;
    }
}

/// <summary>Feeds a pipeline one object at a time. (PowerShell.Invoke would collect its whole input first.)</summary>
[Cmdlet(VerbsCommunications.Write, "Sequence")]
public sealed class WriteSequenceCommand : PSCmdlet
{
    [Parameter(Mandatory = true)]
    public IEnumerable<string> Source { get; set; } = [];

    protected override void ProcessRecord()
    {
        foreach (var item in Source)
            WriteObject(item);
    }
}

/// <summary>Counts its input, as cheaply as a cmdlet can.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "Count")]
public sealed class MeasureCountCommand : PSCmdlet
{
    private long _count;

    [Parameter(ValueFromPipeline = true)]
    public object? InputObject { get; set; }

    protected override void ProcessRecord() => _count++;

    protected override void EndProcessing() => WriteObject(_count);
}
