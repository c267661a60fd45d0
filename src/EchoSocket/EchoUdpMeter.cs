using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Globalization;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Measuring;

namespace EchoSocket;

/// <summary>
/// Measures a UDP echo server: round-trip times as percentiles, jitter, and what was lost, late, duplicated and reordered. Checks
/// every reply byte for byte; a server may upper-case ASCII letters or change nothing. A failure is part of the result, not an
/// exception. While <see cref="Run"/> runs, any thread may read the properties.
/// </summary>
public sealed class EchoUdpMeter : IEchoMeter
{
    private readonly EchoUdpMeterOptions _options;
    private readonly LatencyHistogram _latencies = new();
    private readonly FailureTally _failures = new();
    private readonly DatagramRun _run;
    private IReadOnlyList<DatagramLog> _logs = [];
    private int _started;

    /// <summary>Copies the options. Opens nothing yet.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">The options ask for TLS or keep-alive, which UDP has not.</exception>
    public EchoUdpMeter(EchoUdpMeterOptions options)
    {
        _options = (EchoUdpMeterOptions?)options?.Copy() ?? throw new ArgumentNullException(nameof(options));
        if (_options.Tls is not null || _options.KeepAliveTime is not null)
            throw new ArgumentException("UDP has neither TLS nor keep-alive.", nameof(options));
        _run = new DatagramRun(_options.WarmupCount);
    }

    /// <inheritdoc/>
    public long Received => _latencies.Count;

    /// <summary>Datagrams counted as lost so far, without those whose reply came late.</summary>
    public long Lost => _run.Lost;

    /// <summary>True once the sockets are open.</summary>
    public bool IsConnected => _run.OpenSockets > 0;

    /// <inheritdoc/>
    public double Progress => MeterProgress.Of(_options, _run.Start, Received + Lost);

    /// <inheritdoc/>
    public TimeSpan? Median => _latencies.Percentile(50);

    /// <inheritdoc/>
    public IReadOnlyList<EchoException> Failures => _failures.First;

    /// <summary>
    /// Opens the sockets, warms up, measures, and waits a quarter of a second for duplicates and late replies. A datagram whose
    /// reply has not come within <see cref="EchoClientOptions.OperationTimeout"/> counts as lost, and makes room for the next. An
    /// error of a socket ends the run if no reply has come before, and otherwise is counted. A closed loop without a duration ends
    /// early when nothing has come back for ten time-outs.
    /// </summary>
    /// <param name="cancellation">Ends the run early; the result covers what was measured until then.</param>
    /// <returns>An <see cref="UdpMeterResult"/>.</returns>
    /// <exception cref="InvalidOperationException">It was called before. A meter measures once.</exception>
    public MeterResult Run(CancellationToken cancellation = default)
    {
        if (Interlocked.Exchange(ref _started, 1) != 0)
            throw new InvalidOperationException("A meter measures once. Create another one to measure again.");

        var startTime = DateTime.UtcNow;
        var endPoint = Connector.Display(_options.Host, _options.Port);
        var dropped = 0L;
        using var sockets = new MeteredSockets(_options);
        try
        {
            // Created first: if there are no handles for the poller, no socket is opened.
            using var loop = new DatagramLoop(_options, _run, _latencies, _failures, cancellation);
            sockets.Open(_failures, cancellation);
            try
            {
                if (sockets.Sockets.Count > 0)
                    loop.Run(sockets.Sockets);
            }
            finally
            {
                _logs = [.. loop.Logs];
                dropped = sockets.Sockets.Sum(DatagramBuffer.Dropped);
            }
        }
        catch (Exception e) when (e is SocketException or Win32Exception)
        {
            _failures.Add(new EchoException(EchoError.SocketFailure, endPoint, MeterProgress.OutOfResources(e), e));
        }

        if (!_run.HasReply && !_run.HasFailed && (_run.IsSilent || _run.Lost > 0))
            _failures.Add(DatagramMeterErrors.NoReply(endPoint, _options.OperationTimeout));
        return Result(startTime, sockets, dropped, cancellation.IsCancellationRequested);
    }

    private UdpMeterResult Result(DateTime startTime, MeteredSockets sockets, long dropped, bool stopped)
    {
        var jitters = _logs.Where(l => l.Jitter is not null).Select(l => l.Jitter!.Value).ToList();
        var logs = _run.IsMeasuring ? _logs : [];
        var result = new UdpMeterResult
        {
            StartTime = startTime,
            RemoteEndPoint = sockets.Remote?.ToString() ?? "",
            Connections = sockets.Sockets.Count,
            Sent = logs.Sum(l => l.Sent),
            Lost = logs.Sum(l => l.Lost),
            Late = logs.Sum(l => l.Late),
            Duplicated = logs.Sum(l => l.Duplicated),
            Reordered = logs.Sum(l => l.Reordered),
            LongestLossRun = logs.Select(l => l.LongestLossRun).DefaultIfEmpty().Max(),
            Jitter = _run.IsMeasuring && jitters.Count > 0 ? Clock.ToTimeSpan((long)jitters.Average()) : null,
            DontFragment = _options.DontFragment,
            FailedSockets = _run.HasFailed ? sockets.Sockets.Count : stopped || sockets.Sockets.Count == _options.Connections ? 0 : 1,
        };
        Summary.Fill(result, _options, _run.Duration, _latencies, _failures);
        result.Detail = Detail(result.Sent, dropped, stopped);
        return result;
    }

    private string Detail(long sent, long dropped, bool stopped)
    {
        var end = stopped ? "The run was stopped."
            : _run.IsSilent ? Sentence("The run ended early, with {0:N0} sent: nothing came back for {1:0.###} s.", sent, DatagramRun.MaxSilence * _options.OperationTimeout.TotalSeconds)
            : !_run.HasFailed && _run.Pace.NeverSent > 0 ? Sentence(
                "{0:N0} messages that were due were never sent: the path takes fewer than {1:#,0.###} a second. Use a lower rate, more " +
                "connections or more messages in flight.",
                _run.Pace.NeverSent, _options.Rate)
            : "";
        var drops = dropped == 0 ? "" : Sentence(
            "{0:N0} replies are missing because the receive buffers of this computer were full, and not because of the path. Use a lower rate, fewer " +
            "messages in flight or more connections, or allow larger buffers (net.core.rmem_max).", dropped);
        return string.Join(" ", Failures.Select(f => f.Message).Append(drops).Append(end).Where(s => s.Length > 0));
    }

    private static string Sentence(string format, params object?[] values) => string.Format(CultureInfo.InvariantCulture, format, values);
}
