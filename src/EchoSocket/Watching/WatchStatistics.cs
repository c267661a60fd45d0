using System;
using EchoSocket.Common;
using EchoSocket.Measuring;

namespace EchoSocket.Watching;

/// <summary>
/// Counts the probes and the outages of a target. Its size does not grow. Times are in stopwatch ticks. For one thread at a
/// time.
/// </summary>
internal sealed class WatchStatistics
{
    private readonly LatencyHistogram _latencies = new();
    private TimeSpan? _previous;
    private double _differences; // in 100 ns, between each round trip and the one before it
    private DateTime _startTime;
    private long _start;
    private long _lost;
    private long _outages;
    private TimeSpan _outageTime;
    private TimeSpan _longestOutage;

    public long Probes { get; private set; }

    public void Add(WatchProbe probe, long began)
    {
        if (Probes++ == 0)
            (_startTime, _start) = (probe.Time, began);
        if (probe.RoundTripTime is not { } time)
        {
            _lost++;
            return;
        }

        _latencies.Record(Clock.Ticks(time));
        _differences += _previous is { } previous ? Math.Abs((time - previous).Ticks) : 0;
        _previous = time;
    }

    public void AddEnded(WatchOutage outage)
    {
        _outages++;
        _outageTime += outage.Duration;
        _longestOutage = Longer(_longestOutage, outage.Duration);
    }

    /// <summary>The result if the watch ended at <paramref name="now"/>.</summary>
    public WatchResult ToResult(EchoWatchTarget target, WatchOutage? open, long now)
    {
        var openTime = open?.Duration ?? TimeSpan.Zero;
        return new WatchResult
        {
            StartTime = _startTime,
            ComputerName = target.Host,
            Port = target.Port,
            Udp = target.Udp,
            Duration = Probes > 0 ? Clock.ToTimeSpan(now - _start) : TimeSpan.Zero,
            Probes = Probes,
            Lost = _lost,
            Minimum = _latencies.Minimum,
            Mean = _latencies.Mean,
            P50 = _latencies.Percentile(50),
            P99 = _latencies.Percentile(99),
            Maximum = _latencies.Maximum,
            Jitter = _latencies.Count > 1 ? TimeSpan.FromTicks((long)Math.Round(_differences / (_latencies.Count - 1))) : null,
            Outages = _outages + (open is null ? 0 : 1),
            OutageTime = _outageTime + openTime,
            LongestOutage = Longer(_longestOutage, openTime),
            OpenOutage = open,
        };
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
