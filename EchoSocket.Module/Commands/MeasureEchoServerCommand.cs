using System;
using System.Diagnostics;
using System.IO;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Commands;

/// <summary>Measures round trips to echo servers, one server after another.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "EchoServer", DefaultParameterSetName = ByCount, SupportsShouldProcess = true)]
[OutputType(typeof(EchoStatistics))]
public sealed class MeasureEchoServerCommand : EchoTargetCommand
{
    private const string ByCount = "Count";
    private const string ByDuration = "Duration";

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    private LatencyPicture? _picture;

    [Parameter(ParameterSetName = ByCount)]
    [ValidateRange(1L, long.MaxValue)]
    public long Count { get; set; } = 1000;

    [Parameter(Mandatory = true, ParameterSetName = ByDuration)]
    [ValidateRange(0.001, 2147483.0)]
    public double DurationSeconds { get; set; }

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
        base.BeginProcessing();
        this.Require(nameof(SvgPath), nameof(SvgTitle), "is the title of a picture");
        this.Require(nameof(SvgPath), nameof(NoClobber), "protects the file of a picture");
        if (SourcePort > 0 && Connections > 1)
            this.Conflict("-SourcePort makes a single connection to a server, and -Connections asks for several: omit one of them.", nameof(Connections));
        if (SvgPath is not null)
            _picture = OpenPicture(SvgPath);
    }

    protected override void Process(string computer, int port)
    {
        var meter = new EchoMeter(Options(computer, port));
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

    // Null if the user does not want it to be written.
    private LatencyPicture? OpenPicture(string path)
    {
        try
        {
            var picture = new LatencyPicture(path, SvgTitle, !NoClobber, SessionState.Path);
            var exists = File.Exists(picture.File);
            if (exists && NoClobber)
            {
                ThrowTerminatingError(new ErrorRecord(
                    new IOException($"The file '{picture.File}' exists already. Omit -NoClobber to overwrite it, or give -SvgPath another path."),
                    "SvgExists", ErrorCategory.ResourceExists, path));
            }

            if (!ShouldProcess(picture.File, exists ? "Overwrite the picture" : "Write the picture"))
                return null;

            picture.TryOpen();
            return picture;
        }
        catch (ArgumentException e)
        {
            ThrowTerminatingError(new ErrorRecord(e, "SvgPathNotValid", ErrorCategory.InvalidArgument, path));
            throw; // never reached
        }
    }

    private EchoMeterOptions Options(string computer, int port) => Configure(new EchoMeterOptions
    {
        Host = computer,
        Port = port,
        Count = ParameterSetName == ByCount ? Count : null,
        Duration = ParameterSetName == ByDuration ? TimeSpan.FromSeconds(DurationSeconds) : null,
        MessageSize = MessageSize,
        Connections = Connections,
        InFlight = InFlight,
        Rate = Rate > 0 ? Rate : null,
        WarmupCount = WarmupCount,
        Spin = Spin,
        ConnectionTimeout = TimeSpan.FromSeconds(ConnectionTimeoutSeconds),
        OperationTimeout = TimeSpan.FromSeconds(OperationTimeoutSeconds),
    });

    // Shows the counters of the measuring thread, a few times a second, until it has ended.
    private void ShowProgress(EchoMeter meter, WaitHandle end, string activity)
    {
        var (shown, before, clock) = (false, 0L, Stopwatch.StartNew());
        while (!end.WaitOne(ProgressInterval))
        {
            var received = meter.Received;
            var rate = (received - before) / clock.Elapsed.TotalSeconds;
            (shown, before) = (true, received);
            clock.Restart();
            WriteProgress(meter.Median is { } median
                ? new ProgressRecord(1, activity, $"{received:N0} messages, {rate:N0}/s, p50 {StatisticsText.Time(median)}")
                {
                    PercentComplete = (int)(meter.Progress * 100),
                }
                : new ProgressRecord(1, activity, meter.IsConnected ? "Waiting for the first replies" : "Connecting"));
        }

        if (shown)
            WriteProgress(new ProgressRecord(1, activity, "Done") { RecordType = ProgressRecordType.Completed });
    }

    private void Write(EchoMeter meter, MeterResult result)
    {
        _picture?.Add(result);
        var statistics = new EchoStatistics(result);
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
