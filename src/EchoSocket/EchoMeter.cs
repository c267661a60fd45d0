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

    /// <summary>False as long as it connects.</summary>
    public bool IsConnected => _loop is { IsRunning: true };

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
    /// Connects, warms up, measures and closes. A connection that fails is not replaced; without any the run ends. A run that
    /// has a duration takes no longer than the connecting, the warm-up, that, and two times
    /// <see cref="EchoClientOptions.OperationTimeout"/>: for what had to wait to be sent, and for its replies. To be called
    /// once.
    /// </summary>
    /// <param name="cancellation">Ends the run; the result is what was measured until then.</param>
    public EchoStatistics Run(CancellationToken cancellation = default)
    {
        using var connections = new MeterConnections(_options);
        MeterLoop? loop = null;
        try
        {
            // What it needs comes first: without it no connection is worth having.
            _loop = loop = new MeterLoop(_options, _latencies, _failures, cancellation);
            connections.Open(_failures, cancellation);
            if (connections.Sockets.Count > 0)
                loop.Run(connections.Sockets);
        }
        catch (Exception e) when (e is SocketException or Win32Exception)
        {
            _failures.Add(new EchoException(EchoError.SocketFailure, Connector.Display(_options.Host, _options.Port), OutOfHandles(e), e));
        }
        finally
        {
            loop?.Dispose();
        }

        return Result(connections, loop, cancellation.IsCancellationRequested);
    }

    private static string OutOfHandles(Exception e) =>
        $"Nothing could be measured here: {e.Message}. This computer may be short of handles or memory for so many connections; ask for fewer.";

    private EchoStatistics Result(MeterConnections connections, MeterLoop? loop, bool stopped)
    {
        var duration = loop?.Duration ?? default;
        var seconds = duration.TotalSeconds;
        return new EchoStatistics
        {
            ComputerName = _options.Host,
            Port = _options.Port,
            RemoteEndPoint = connections.Remote?.ToString() ?? "",
            Connections = connections.Sockets.Count,
            InFlight = _options.InFlight,
            MessageSize = _options.MessageSize,
            Rate = _options.Rate,
            Spin = _options.Spin,
            Duration = duration,
            Sent = loop?.Sent ?? 0,
            Received = Received,
            Lost = loop?.Lost ?? 0,
            Errors = _failures.Counts(),
            Detail = Detail(loop, stopped),
            ConnectTime = connections.MeanTime,
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

    private string Detail(MeterLoop? loop, bool stopped)
    {
        var sentences = Failures.Select(f => f.Message).ToList();
        if (stopped)
        {
            sentences.Add("The run was stopped.");
        }
        else if (loop is { EndedEarly: true })
        {
            sentences.Add(Sentence("The run ended early, with {0:N0} sent: no connection was left.", loop.Sent));
        }
        else if (loop is { NeverSent: > 0 })
        {
            sentences.Add(Sentence(
                "{0:N0} messages that were due were never sent: their connection had failed, or the path takes fewer than {1:#,0.###} a " +
                "second. Ask for a lower rate, or allow more connections or more in flight.",
                loop.NeverSent, _options.Rate));
        }

        return string.Join(" ", sentences);
    }

    private static string Sentence(string format, params object?[] values) => string.Format(CultureInfo.InvariantCulture, format, values);
}
