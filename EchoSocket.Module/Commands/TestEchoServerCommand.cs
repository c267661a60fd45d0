using System;
using System.Diagnostics;
using System.Management.Automation;
using System.Runtime.InteropServices;
using System.Threading;

namespace EchoSocket.Commands;

/// <summary>
/// Tests whether the paths to echo servers work, and finds the stages that fail. Several servers are probed at once, on threads
/// of <see cref="OrderedWork{T}"/>; all else happens on the pipeline thread.
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "EchoServer")]
[OutputType(typeof(bool), typeof(EchoPathReport))]
public sealed class TestEchoServerCommand : EchoTargetCommand
{
    // Results wait for the ones before them. With room for this many, a server that does not answer seldom holds up the others.
    private const int MaxPending = 1024;

    private const string Activity = "Testing echo servers";

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    private readonly Stopwatch _sinceProgress = Stopwatch.StartNew();
    private OrderedWork<PathReport>? _probes;
    private int _atOnce;
    private long _added;
    private bool _inputEnded;
    private bool _progressShown;
    private UdpChoice? _udp;

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SwitchArgument]
    public SwitchParameter Udp { get; set; }

    [Parameter]
    [ValidateRange(0.001, 2147483.0)]
    public double TimeoutSeconds { get; set; } = 5;

    [Parameter]
    public SwitchParameter Detailed { get; set; }

    [Parameter]
    [ValidateRange(1, MaxPending)]
    public int ThrottleLimit { get; set; } = 32;

    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _udp = new UdpChoice(this);

        // Only Linux lets several sockets of a program have the same source port.
        _atOnce = SourcePort == 0 || RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? ThrottleLimit : 1;
        _probes = new OrderedWork<PathReport>(_atOnce, Stop);
    }

    protected override void Process(string computer, int port)
    {
        var udp = _udp!.UsesUdp(Udp, computer);
        if (udp && !_udp.IsAllowed(computer, UseTls))
            return;

        _probes!.Add(Probe(computer, port, udp));
        _added++;

        // One at a time, each result is written before the next input object is read, which -PipelineVariable needs.
        while (_probes.Pending >= (_atOnce == 1 ? 1 : MaxPending))
            WriteNext(ProgressInterval);
        while (WriteNext(TimeSpan.Zero))
        {
            // All that is ready is written before more is read.
        }
    }

    protected override void EndProcessing()
    {
        _inputEnded = true;
        while (_probes!.Pending > 0)
            WriteNext(ProgressInterval);
        if (_progressShown)
            WriteProgress(new ProgressRecord(1, Activity, "Done") { RecordType = ProgressRecordType.Completed });
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _probes?.Dispose();
            _probes = null;
        }

        base.Dispose(disposing);
    }

    // Another thread runs what this returns, so the parameters are read here: the next input object may change them.
    private Func<CancellationToken, PathReport> Probe(string computer, int port, bool udp)
    {
        var options = Configure(new EchoClientOptions { Host = computer, Port = port, ConnectionTimeout = TimeSpan.FromSeconds(TimeoutSeconds) });
        return stop => udp ? EchoUdpProbe.Run(options, stop) : PathProbe.Run(options, stop);
    }

    // Writes the next result if it is there in time.
    private bool WriteNext(TimeSpan wait)
    {
        var isThere = TryTake(wait, out var report);
        if (_sinceProgress.Elapsed >= ProgressInterval)
            ShowProgress();
        if (isThere)
            Write(report);
        return isThere;
    }

    private bool TryTake(TimeSpan wait, out PathReport report)
    {
        try
        {
            return _probes!.TryTake(wait, out report);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    private void Write(PathReport report)
    {
        WriteVerbose($"{report.ComputerName}, port {report.Port}{(report.Udp ? " over UDP" : "")}: {(report.Success ? "echoes" : $"{report.FailedStage} failed, {report.Reason}")}.");
        if (Detailed && report.Warning.Length > 0)
            WriteWarning(report.Warning);
        WriteObject(Detailed ? new EchoPathReport(report) : report.Success);
    }

    private void ShowProgress()
    {
        // Through the pipeline more may come at any time.
        var total = !MyInvocation.ExpectingInput ? Math.Max(_added, (long)ComputerName.Length * Port.Length) : _inputEnded ? _added : 0;
        var finished = _probes!.Finished;
        WriteProgress(new ProgressRecord(1, Activity, total > 0 ? $"{finished:N0} of {total:N0} paths" : $"{finished:N0} paths")
        {
            PercentComplete = total > 0 ? (int)(finished * 100L / total) : -1,
        });
        _sinceProgress.Restart();
        _progressShown = true;
    }
}
