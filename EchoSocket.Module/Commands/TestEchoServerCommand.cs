using System;
using System.Management.Automation;

namespace EchoSocket.Commands;

/// <summary>Tests whether the path to an echo server works, and finds the stage that fails.</summary>
[Cmdlet(VerbsDiagnostic.Test, "EchoServer")]
[OutputType(typeof(bool), typeof(EchoPathReport))]
public sealed class TestEchoServerCommand : EchoTargetCommand
{
    [Parameter]
    [ValidateRange(0.001, 2147483.0)]
    public double TimeoutSeconds { get; set; } = 5;

    [Parameter]
    public SwitchParameter Detailed { get; set; }

    protected override void Process(string computer, int port)
    {
        var report = Probe(computer, port);
        WriteVerbose($"{computer}, port {port}: {(report.Success ? "echoes" : $"{report.FailedStage} failed, {report.Reason}")}.");
        if (Detailed && report.Warning.Length > 0)
            WriteWarning(report.Warning);
        WriteObject(Detailed ? new EchoPathReport(report) : report.Success);
    }

    private PathReport Probe(string computer, int port)
    {
        try
        {
            var options = new EchoClientOptions { Host = computer, Port = port, ConnectionTimeout = TimeSpan.FromSeconds(TimeoutSeconds) };
            return PathProbe.Run(Configure(options), Stop);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }
}
