using System;
using System.Management.Automation;

namespace EchoSocket.Commands;

/// <summary>Tests whether the path to an echo server works, and finds the stage that fails.</summary>
[Cmdlet(VerbsDiagnostic.Test, "EchoServer")]
[OutputType(typeof(bool), typeof(EchoPathReport))]
public sealed class TestEchoServerCommand : EchoTargetCommand
{
    private UdpChoice? _udp;

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SwitchArgument]
    public SwitchParameter Udp { get; set; }

    [Parameter]
    [ValidateRange(0.001, 2147483.0)]
    public double TimeoutSeconds { get; set; } = 5;

    [Parameter]
    public SwitchParameter Detailed { get; set; }

    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _udp = new UdpChoice(this);
    }

    protected override void Process(string computer, int port)
    {
        var udp = _udp!.UsesUdp(Udp, computer);
        if (udp && !_udp.IsAllowed(computer, UseTls))
            return;

        var report = Probe(computer, port, udp);
        WriteVerbose($"{computer}, port {port}{(udp ? " over UDP" : "")}: {(report.Success ? "echoes" : $"{report.FailedStage} failed, {report.Reason}")}.");
        if (Detailed && report.Warning.Length > 0)
            WriteWarning(report.Warning);
        WriteObject(Detailed ? new EchoPathReport(report) : report.Success);
    }

    private PathReport Probe(string computer, int port, bool udp)
    {
        try
        {
            var options = Configure(new EchoClientOptions { Host = computer, Port = port, ConnectionTimeout = TimeSpan.FromSeconds(TimeoutSeconds) });
            return udp ? EchoUdpProbe.Run(options, Stop) : PathProbe.Run(options, Stop);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }
}
