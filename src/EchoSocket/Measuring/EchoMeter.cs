using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;

namespace EchoSocket;

/// <summary>
/// Measures an echo server: round-trip times as percentiles, and messages and bytes a second. Every reply is checked byte
/// for byte; a server may upper-case ASCII letters or change nothing. What fails is part of the result, and no exception.
/// </summary>
public sealed class EchoMeter
{
    private readonly EchoMeterOptions _options;
    private readonly LatencyHistogram _latencies = new();
    private readonly FailureTally _failures = new();
    private volatile MeterLoop? _loop;

    /// <summary>Takes the options as they are; nothing is opened.</summary>
    /// <exception cref="ArgumentNullException">There are no options.</exception>
    public EchoMeter(EchoMeterOptions options) => _options = options ?? throw new ArgumentNullException(nameof(options));

    /// <summary>Replies that came so far. From any thread, as <see cref="Progress"/> and <see cref="Median"/> are.</summary>
    public long Received => _latencies.Count;

    /// <summary>The share of the run that is done, 0 to 1.</summary>
    public double Progress
    {
        get
        {
            if (_loop is not { Start: > 0 } loop)
                return 0;

            var byCount = (double)Received / _options.Count ?? 0;
            var byTime = _options.Duration is { } duration ? Clock.Since(loop.Start).TotalSeconds / duration.TotalSeconds : 0;
            return Math.Min(Math.Max(byCount, byTime), 1);
        }
    }

    /// <summary>The median round trip so far, or nearly; null before the first reply.</summary>
    public TimeSpan? Median => _latencies.Percentile(50);

    /// <summary>The first failure of each kind so far.</summary>
    public IReadOnlyList<EchoException> Failures => _failures.First;

    /// <summary>
    /// Connects, warms up, measures and closes. A connection that fails is not replaced; without any the run ends. Takes no
    /// longer than the connecting, the run and one <see cref="EchoClientOptions.OperationTimeout"/> after it. To be called
    /// once.
    /// </summary>
    /// <param name="cancellation">Ends the run; the result is what was measured until then.</param>
    public EchoStatistics Run(CancellationToken cancellation = default)
    {
        var opened = MeterConnections.Open(_options, _failures, cancellation);
        using var loop = new MeterLoop(
            _options, Connector.Display(_options.Host, _options.Port), [.. opened.Sockets], _latencies, _failures, cancellation);
        _loop = loop;
        if (opened.Sockets.Count > 0)
            loop.Run();
        return Result(opened, loop, cancellation.IsCancellationRequested);
    }

    private EchoStatistics Result(MeterConnections opened, MeterLoop loop, bool stopped)
    {
        var seconds = loop.Duration.TotalSeconds;
        return new EchoStatistics
        {
            ComputerName = _options.Host,
            Port = _options.Port,
            RemoteEndPoint = opened.Remote?.ToString() ?? "",
            Connections = opened.Sockets.Count,
            InFlight = _options.InFlight,
            MessageSize = _options.MessageSize,
            Rate = _options.Rate,
            Spin = _options.Spin,
            Duration = loop.Duration,
            Sent = loop.Sent,
            Received = Received,
            Lost = loop.Lost,
            Errors = _failures.Counts(),
            Detail = Detail(loop, stopped),
            ConnectTime = opened.MeanTime,
            Minimum = _latencies.Minimum,
            Mean = _latencies.Mean,
            StandardDeviation = _latencies.StandardDeviation,
            P50 = _latencies.Percentile(50),
            P90 = _latencies.Percentile(90),
            P99 = _latencies.Percentile(99),
            P999 = _latencies.Percentile(99.9),
            Maximum = _latencies.Maximum,
            MessagesPerSecond = seconds > 0 ? Received / seconds : 0,
            BytesPerSecond = seconds > 0 ? Received * (double)_options.MessageSize / seconds : 0,
            Histogram = _latencies.Buckets(),
            HdrHistogram = _latencies.Encode(),
        };
    }

    private string Detail(MeterLoop loop, bool stopped)
    {
        var sentences = Failures.Select(f => f.Message).ToList();
        if (stopped)
            sentences.Add("The run was stopped.");
        else if (loop.EndedEarly && loop.Sent > 0)
            sentences.Add(string.Format(CultureInfo.InvariantCulture, "The run ended early, after {0:N0} messages: no connection was left.", loop.Sent));
        return string.Join(" ", sentences);
    }
}
