using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Commands;

/// <summary>Measures round trips to echo servers, one server after another.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "EchoServer", DefaultParameterSetName = ByCount, SupportsShouldProcess = true)]
[OutputType(typeof(EchoStatistics), typeof(EchoUdpStatistics), typeof(EchoPathMtu))]
public sealed class MeasureEchoServerCommand : EchoTargetCommand
{
    private const string ByCount = "Count";
    private const string ByDuration = "Duration";
    private const string ForMtu = "FindMtu";

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    private LatencyPicture? _picture;
    private bool _udpGiven;

    // The search for the path MTU refuses it with a sentence of its own; a parameter set would only say that none fits.
    [Parameter(ParameterSetName = ByCount)]
    [Parameter(ParameterSetName = ForMtu)]
    [ValidateRange(1L, long.MaxValue)]
    public long Count { get; set; } = 1000;

    [Parameter(Mandatory = true, ParameterSetName = ByDuration)]
    [ValidateRange(0.001, 2147483.0)]
    public double DurationSeconds { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SwitchArgument]
    public SwitchParameter Udp { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = ForMtu)]
    public SwitchParameter FindMtu { get; set; }

    [Parameter]
    public SwitchParameter DontFragment { get; set; }

    [Parameter]
    [ValidateRange(1, EchoMeterOptions.MaxMessageSize)]
    public int MessageSize { get; set; } = 32;

    [Parameter]
    [ValidateRange(1, EchoMeterOptions.MaxConnections)]
    public int Connections { get; set; } = 1;

    [Parameter]
    [ValidateRange(1, EchoMeterOptions.MaxInFlight)]
    public int InFlight { get; set; } = 1;

    [Parameter]
    [ValidateRange(0.001, EchoMeterOptions.MaxRate)]
    public double Rate { get; set; }

    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int WarmupCount { get; set; } = 1;

    [Parameter]
    public SwitchParameter Spin { get; set; }

    [Parameter]
    [ValidateRange(0.001, 2147483.0)]
    public double ConnectionTimeoutSeconds { get; set; } = 10;

    [Parameter]
    [ValidateRange(0.001, 2147483.0)]
    public double OperationTimeoutSeconds { get; set; } = 5;

    [Parameter]
    [Alias("AsSvg")]
    [ValidateNotNullOrEmpty]
    public string? SvgPath { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? SvgTitle { get; set; }

    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    protected override void BeginProcessing()
    {
        _udpGiven = MyInvocation.BoundParameters.ContainsKey(nameof(Udp));
        UdpParameters.RefuseWithFindMtu(this);
        if (Udp && UdpParameters.TcpOnly(this) is { } tcpOnly)
            this.ConflictWithUdp(tcpOnly);
        var problem = Udp ? UdpParameters.SizeProblem(MessageSize)
            : _udpGiven || (!MyInvocation.ExpectingInput && !ComputerName.Any(UdpParameters.SaysUdp)) ? UdpParameters.UdpProblem(this)
            : null;
        if (problem is not null)
            ThrowTerminatingError(problem);

        base.BeginProcessing();
        this.Require(nameof(SvgPath), nameof(SvgTitle), "is the title of a picture");
        this.Require(nameof(SvgPath), nameof(NoClobber), "protects the file of a picture");
        if (SourcePort > 0 && Connections > 1)
            this.Conflict("-SourcePort makes a single connection to a server, and -Connections asks for several: omit one of them.", nameof(Connections));
        if (SvgPath is not null)
            _picture = LatencyPicture.Open(this, SvgPath, SvgTitle, overwrite: !NoClobber);
    }

    protected override void Process(string computer, int port)
    {
        var isUdp = UsesUdp(computer);
        var problem = !isUdp ? UdpParameters.UdpProblem(this)
            : UdpParameters.TcpOnly(this) is { } tcpOnly ? ErrorRecords.TcpOnly(tcpOnly, computer)
            : UdpParameters.SizeProblem(MessageSize);
        if (problem is not null)
            WriteError(problem);
        else if (FindMtu)
            Search(computer, port);
        else
            Measure(isUdp ? new EchoUdpMeter(UdpOptions(computer, port)) : new EchoMeter(Options(computer, port)), computer, port);
    }

    private void Search(string computer, int port)
    {
        var progress = new ProgressRecord(1, $"Finding the path MTU to {computer}, port {port}", "A size without a reply takes three time-outs");
        WriteProgress(progress);
        PathMtuResult result;
        try
        {
            result = PathMtuProbe.Run(UdpOptions(computer, port), Stop);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }

        // A bar that is still shown is redrawn with each line of the result.
        progress.RecordType = ProgressRecordType.Completed;
        WriteProgress(progress);
        WriteObject(new EchoPathMtu(result));
        if (result.Failure is { } failure)
            WriteError(failure.ToErrorRecord(failure.EndPoint));
    }

    private void Measure(IEchoMeter meter, string computer, int port)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var measuring = Task.Factory.StartNew(() => meter.Run(stop.Token), TaskCreationOptions.LongRunning);
        try
        {
            ShowProgress(meter, ((IAsyncResult)measuring).AsyncWaitHandle, $"Measuring {computer}, port {port}");
        }
        catch (PipelineStoppedException)
        {
            // Write shows what was measured so far.
        }
        finally
        {
            stop.Cancel(); // the measurement ends with the pipeline, whatever ended that
            ((IAsyncResult)measuring).AsyncWaitHandle.WaitOne();
        }

        Write(meter, measuring.GetAwaiter().GetResult());
    }

    protected override void EndProcessing()
    {
        try
        {
            _picture?.Save();
        }
        catch (IOException e)
        {
            WriteError(new ErrorRecord(e, "SvgNotWritten", ErrorCategory.WriteError, SvgPath));
        }
    }

    // PowerShell calls only this, and not EndProcessing, if Ctrl+C or another command ends the pipeline.
    protected override void Dispose(bool disposing)
    {
        try
        {
            if (disposing)
                _picture?.Save();
        }
        catch (IOException e)
        {
            Host.UI?.WriteWarningLine(e.Message);
        }

        base.Dispose(disposing);
    }

    private bool UsesUdp(string computer) => Udp || (!_udpGiven && UdpParameters.SaysUdp(computer));

    private EchoMeterOptions Options(string computer, int port) => SetLoad(new EchoMeterOptions(), computer, port);

    private EchoUdpMeterOptions UdpOptions(string computer, int port) =>
        SetLoad(new EchoUdpMeterOptions { DontFragment = DontFragment }, computer, port);

    // TCP and UDP have different defaults for what is not given.
    private T SetLoad<T>(T options, string computer, int port)
        where T : EchoMeterOptions
    {
        var bound = MyInvocation.BoundParameters;
        options.Host = computer;
        options.Port = port;
        options.Count = ParameterSetName == ByCount ? Count : null;
        options.Duration = ParameterSetName == ByDuration ? TimeSpan.FromSeconds(DurationSeconds) : null;
        options.MessageSize = MessageSize;
        options.Connections = Connections;
        options.Rate = Rate > 0 ? Rate : null;
        options.WarmupCount = WarmupCount;
        options.Spin = Spin;
        options.ConnectionTimeout = TimeSpan.FromSeconds(ConnectionTimeoutSeconds);
        if (bound.ContainsKey(nameof(InFlight)))
            options.InFlight = InFlight;
        if (bound.ContainsKey(nameof(OperationTimeoutSeconds)))
            options.OperationTimeout = TimeSpan.FromSeconds(OperationTimeoutSeconds);
        return Configure(options);
    }

    // Shows the counters of the measuring thread, a few times a second, until it has ended.
    private void ShowProgress(IEchoMeter meter, WaitHandle end, string activity)
    {
        var (shown, before, clock) = (false, 0L, Stopwatch.StartNew());
        while (!end.WaitOne(ProgressInterval))
        {
            var received = meter.Received;
            var rate = (received - before) / clock.Elapsed.TotalSeconds;
            (shown, before) = (true, received);
            clock.Restart();
            var lost = meter is EchoUdpMeter udp ? $", {udp.Lost:N0} lost" : "";
            WriteProgress(meter.Median is { } median
                ? new ProgressRecord(1, activity, $"{received:N0} messages, {rate:N0}/s, p50 {StatisticsText.Time(median)}{lost}")
                {
                    PercentComplete = (int)(meter.Progress * 100),
                }
                : new ProgressRecord(1, activity, meter.IsConnected ? $"Waiting for the first replies{lost}" : "Connecting"));
        }

        if (shown)
            WriteProgress(new ProgressRecord(1, activity, "Done") { RecordType = ProgressRecordType.Completed });
    }

    private void Write(IEchoMeter meter, MeterResult result)
    {
        _picture?.Add(result);
        var statistics = result is UdpMeterResult udp ? new EchoUdpStatistics(udp) : new EchoStatistics(result);
        if (Stopping)
        {
            // PowerShell takes no more output, but the user has waited for this. The terminal has echoed ^C on this line.
            Host.UI?.WriteLine();
            foreach (var line in StatisticsText.Lines(PSObject.AsPSObject(statistics), Host))
                Host.UI?.WriteLine(line);
            throw new PipelineStoppedException();
        }

        WriteVerbose(
            $"{result.ComputerName}, port {result.Port}: {result.Received} of {result.Sent} messages came back over {StatisticsText.Connections(result.Connections)}" +
            $"{(result.RemoteEndPoint.Length > 0 ? $" to {result.RemoteEndPoint}" : "")}.");
        WriteObject(statistics);
        foreach (var failure in meter.Failures)
            WriteError(failure.ToErrorRecord(failure.EndPoint));
    }
}
