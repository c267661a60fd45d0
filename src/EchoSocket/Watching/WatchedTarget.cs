using System;
using System.Threading;
using EchoSocket.Common;

namespace EchoSocket.Watching;

/// <summary>
/// Watches one target: probes it in its slots, and keeps count. One thread calls <see cref="Run"/>; any thread may call
/// <see cref="ToResult"/>.
/// </summary>
internal sealed class WatchedTarget(EchoWatchOptions options, int number, CancellationToken cancellation)
{
    private readonly object _gate = new(); // guards the fields below
    private readonly EchoWatchTarget _target = options.Targets[number];
    private readonly WatchClock _clock = options.Clock(options.Targets[number]);
    private readonly WatchStatistics _statistics = new();
    private readonly OutageTracker _outages = new();
    private long _ended; // when the target ended, for the result; 0 before that

    /// <summary>Probes until the count or the duration is reached, or the token is cancelled.</summary>
    /// <param name="start">When the first probe is due, in stopwatch ticks.</param>
    /// <param name="observer">Observes the probes.</param>
    public void Run(long start, IEchoWatchObserver observer)
    {
        var interval = Clock.Ticks(options.Interval);
        var timeout = Clock.Ticks(options.Timeout);

        // A time limit as long as the interval is exceeded by a moment, in which the next probe must not be missed.
        var grace = Math.Min(interval, timeout) / 10;
        var schedule = new ProbeSchedule(start, interval, grace, options.Duration is { } duration ? start + Clock.Ticks(duration) : long.MaxValue);
        var last = start;
        try
        {
            using var prober = options.ProberOf(_target, cancellation);
            while (!IsComplete && schedule.Take(_clock.Now) is { } slot)
            {
                _clock.WaitUntil(slot, cancellation);
                cancellation.ThrowIfCancellationRequested();
                var (began, time) = (_clock.Now, _clock.UtcNow);
                var due = Math.Max(slot, began - grace) + timeout;
                var report = prober.Probe(due);
                Add(ToProbe(report, time), began, observer);
                last = began;

                // A probe that is lost takes the slots with it in which it was waited for. They have no reply, either.
                while (!report.Success && !IsComplete && schedule.TakeMissed(_clock.Now, due) is { } missed)
                {
                    last = began + missed - slot;
                    Add(ToProbe(report, time + Clock.ToTimeSpan(missed - slot)), last, observer);
                }
            }

            End(Math.Max(_clock.Now, last + interval), observer);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            End(_clock.Now, observer);
        }
    }

    /// <summary>What was found so far.</summary>
    public WatchResult ToResult()
    {
        lock (_gate)
        {
            var now = _ended > 0 ? _ended : _clock.Now;
            return _statistics.ToResult(_target, _outages.Open(now), now);
        }
    }

    private bool IsComplete => _statistics.Probes >= options.Count;

    private WatchProbe ToProbe(PathReport report, DateTime time) => new()
    {
        Target = number,
        Time = time,
        ComputerName = _target.Host,
        Port = _target.Port,
        Udp = _target.Udp,
        Success = report.Success,
        RoundTripTime = report.EchoTime,
        ConnectTime = report.ConnectTime,
        FailedStage = report.FailedStage,
        Reason = report.Reason,
    };

    private void Add(WatchProbe probe, long began, IEchoWatchObserver observer)
    {
        WatchOutage? outage;
        lock (_gate)
        {
            _statistics.Add(probe, began);
            outage = _outages.Add(probe, began);
            if (outage is { End: not null })
                _statistics.AddEnded(outage);
        }

        if (outage is { End: null })
            observer.OutageBegan(outage);
        observer.Probed(probe);
        if (outage is { End: not null })
            observer.OutageEnded(outage);
    }

    private void End(long now, IEchoWatchObserver observer)
    {
        WatchOutage? open;
        lock (_gate)
        {
            _ended = now;
            open = _outages.Open(now);
        }

        if (open is not null)
            observer.OutageEnded(open);
    }
}
