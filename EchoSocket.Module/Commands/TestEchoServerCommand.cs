using System;
using System.Management.Automation;
using System.Threading;

namespace EchoSocket.Commands;

/// <summary>Tells whether a path to an echo server works, and where it ends if it does not.</summary>
[Cmdlet(VerbsDiagnostic.Test, "EchoServer")]
[OutputType(typeof(bool), typeof(EchoPathReport))]
public sealed class TestEchoServerCommand : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("HostName", "TargetName", "cn", "Address")]
    [ValidateNotNullOrEmpty]
    public string[] ComputerName { get; set; } = ["127.0.0.1"];

    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 65535)]
    public int Port { get; set; } = EchoServerOptions.DefaultPort;

    [Parameter]
    [ValidateRange(0.001, 2147483.0)]
    public double TimeoutSeconds { get; set; } = 5;

    [Parameter]
    public SwitchParameter Detailed { get; set; }

    public void Dispose() => _stop.Dispose();

    protected override void ProcessRecord()
    {
        foreach (var computer in ComputerName)
        {
            var report = Probe(computer);
            WriteVerbose($"{computer}, port {Port}: {(report.Success ? "echoes" : $"{report.FailedStage} failed, {report.Reason}")}.");
            WriteObject(Detailed ? report : report.Success);
        }
    }

    protected override void StopProcessing()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The pipeline ended at the same moment.
        }
    }

    private EchoPathReport Probe(string computer)
    {
        try
        {
            return PathProbe.Run(computer, Port, TimeSpan.FromSeconds(TimeoutSeconds), _stop.Token);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }
}
