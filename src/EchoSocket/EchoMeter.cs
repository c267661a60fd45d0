using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Globalization;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Connecting;
using EchoSocket.Measuring;

namespace EchoSocket;

/// <summary>
/// Measures an echo server: round-trip times as percentiles, and messages and bytes a second. Checks every reply byte for
/// byte; a server may upper-case ASCII letters or change nothing. A failure is part of the result, not an exception. While
/// <see cref="Run"/> runs, any thread may read the properties.
/// </summary>
public sealed class EchoMeter : IEchoMeter
{
    private readonly EchoMeterOptions _options;
    private readonly LatencyHistogram _latencies = new();
    private readonly FailureTally _failures = new();
    private readonly MeterRun _run;
    private int _started;

    /// <summary>Copies the options. Opens nothing yet.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public EchoMeter(EchoMeterOptions options)
    {
        _options = options?.Copy() ?? throw new ArgumentNullException(nameof(options));
        _run = new MeterRun(_options.WarmupCount);
    }

    /// <summary>Replies received so far.</summary>
    public long Received => _latencies.Count;

    /// <summary>True once the connections are open, until all of them have failed.</summary>
    public bool IsConnected => _run.OpenConnections > 0;

    /// <summary>The share of the run that is done, 0 to 1.</summary>
    public double Progress => MeterProgress.Of(_options, _run.Start, Received);

    /// <summary>The median round trip so far, approximately; null before the first reply.</summary>
    public TimeSpan? Median => _latencies.Percentile(50);

    /// <summary>The first failure of each kind so far.</summary>
    public IReadOnlyList<EchoException> Failures => _failures.First;

    /// <summary>
    /// Connects, warms up, measures and closes. A failed connection is not replaced; when all have failed, the run ends. A run
    /// with a duration takes at most the time to connect and to warm up, the duration, and twice
    /// <see cref="EchoClientOptions.OperationTimeout"/>: once to send messages that had to wait, and once for their replies.
    /// </summary>
    /// <param name="cancellation">Ends the run early; the result covers what was measured until then.</param>
    /// <exception cref="InvalidOperationException">It was called before. A meter measures once.</exception>
    public MeterResult Run(CancellationToken cancellation = default)
    {
        if (Interlocked.Exchange(ref _started, 1) != 0)
            throw new InvalidOperationException("A meter measures once. Create another one to measure again.");

        var startTime = DateTime.UtcNow;
        using var connections = new MeterConnections(_options);
        try
        {
            // Created first: if there are no handles for the poller, no connection is opened.
            using var loop = new MeterLoop(_options, _run, _latencies, _failures, cancellation);
            connections.Open(_failures, cancellation);
            if (connections.Sockets.Count > 0)
                loop.Run(connections.Sockets, connections.Due);
        }
        catch (Exception e) when (e is SocketException or Win32Exception)
        {
            _failures.Add(new EchoException(EchoError.SocketFailure, Connector.Display(_options.Host, _options.Port), MeterProgress.OutOfResources(e), e));
        }

        return Result(startTime, connections, cancellation.IsCancellationRequested);
    }

    private MeterResult Result(DateTime startTime, MeterConnections connections, bool stopped)
    {
        var result = new MeterResult
        {
            StartTime = startTime,
            RemoteEndPoint = connections.Remote?.ToString() ?? "",
            Connections = connections.Sockets.Count,
            Sent = _run.Sent,
            Lost = _run.Lost,
            Detail = Detail(stopped),
            ConnectTime = connections.MeanTime,
            TlsTime = _run.TlsTime,
            Tls = _run.Tls,
        };
        Summary.Fill(result, _options, _run.Duration, _latencies, _failures);
        return result;
    }

    private string Detail(bool stopped)
    {
        var end = stopped ? "The run was stopped."
            : _run.EndedEarly ? Sentence("The run ended early, with {0:N0} sent: every connection had failed.", _run.Sent)
            : _run.Pace.NeverSent > 0 ? Sentence(
                "{0:N0} messages that were due were never sent: their connection had failed, or the path takes fewer than {1:#,0.###} a " +
                "second. Use a lower rate, more connections or more messages in flight.",
                _run.Pace.NeverSent, _options.Rate)
            : "";
        return string.Join(" ", Failures.Select(f => f.Message).Append(end)).TrimEnd();
    }

    private static string Sentence(string format, params object?[] values) => string.Format(CultureInfo.InvariantCulture, format, values);
}
