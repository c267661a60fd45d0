using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Watching;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>
/// A target of a watch, and its clock. Time passes only while the watch waits for a slot or for a reply, so a day of watching
/// takes a moment and gives the same figures each time.
/// </summary>
internal sealed class SimulatedTarget : WatchClock, IProber
{
    public static readonly DateTime Begin = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private long _now = 1000 * Stopwatch.Frequency;

    /// <summary>How long the reply to a probe takes that begins at a time (counted from the start); null: it never comes.</summary>
    public Func<TimeSpan, TimeSpan?> Reply { get; init; } = _ => TimeSpan.FromMilliseconds(1);

    /// <summary>By how much the wait for a slot ends late.</summary>
    public Func<TimeSpan, TimeSpan> Oversleep { get; init; } = _ => TimeSpan.Zero;

    public TimeSpan Elapsed => Clock.ToTimeSpan(_now - (1000 * Stopwatch.Frequency));

    public override long Now => _now;

    public override DateTime UtcNow => Begin + Elapsed;

    public override void WaitUntil(long due, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested || due < _now)
            return;

        _now = due;
        _now += Clock.Ticks(Oversleep(Elapsed));
    }

    public PathReport Probe(long due)
    {
        if (Reply(Elapsed) is { } time && _now + Clock.Ticks(time) <= due)
        {
            _now += Clock.Ticks(time);
            return new PathReport { Success = true, EchoTime = time };
        }

        _now = Math.Max(due, _now);
        return new PathReport { FailedStage = EchoPathStage.Echo, Reason = "timed out" };
    }

    public void Dispose()
    {
    }

    /// <summary>Watches it to the end, and returns what was observed and found.</summary>
    public (WatchRecorder Observed, WatchResult Result) Watch(Action<EchoWatchOptions> configure)
    {
        var options = new EchoWatchOptions { Targets = [new EchoWatchTarget()], Clock = _ => this, Prober = (_, _) => this };
        configure(options);
        using var watch = new EchoWatch(options);
        var recorder = new WatchRecorder();
        watch.Run(recorder);
        return (recorder, Assert.Single(watch.Results()));
    }
}

/// <summary>Records what a watch reports, and lets a test act on it.</summary>
internal sealed class WatchRecorder : IEchoWatchObserver
{
    private readonly object _gate = new(); // guards the lists
    private readonly List<WatchProbe> _probes = [];
    private readonly List<WatchOutage> _outages = [];
    private readonly List<WatchOutage> _begun = [];

    /// <summary>Called on the target's thread after each probe.</summary>
    public Action<WatchProbe>? OnProbed { get; init; }

    public IReadOnlyList<WatchProbe> Probes => Snapshot(_probes);

    public IReadOnlyList<WatchOutage> Outages => Snapshot(_outages);

    public IReadOnlyList<WatchOutage> Begun => Snapshot(_begun);

    /// <summary>The seconds from the start of a simulation at which the probes began.</summary>
    public double[] Seconds => [.. Probes.Select(p => Math.Round((p.Time - SimulatedTarget.Begin).TotalSeconds, 4))];

    /// <summary>One character a probe: a dot for a reply, and an x for a loss.</summary>
    public string Pattern => string.Concat(Probes.Select(p => p.Success ? '.' : 'x'));

    public void Probed(WatchProbe probe)
    {
        Add(_probes, probe);
        OnProbed?.Invoke(probe);
    }

    public void OutageBegan(WatchOutage outage) => Add(_begun, outage);

    public void OutageEnded(WatchOutage outage) => Add(_outages, outage);

    private void Add<T>(List<T> list, T item)
    {
        lock (_gate)
            list.Add(item);
    }

    private List<T> Snapshot<T>(List<T> list)
    {
        lock (_gate)
            return [.. list];
    }
}
