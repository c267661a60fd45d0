using EchoSocket.Common;

namespace EchoSocket.Watching;

/// <summary>
/// Finds the outages in the probes of a target: from the first probe that is lost to the next one that succeeds. Times are in
/// stopwatch ticks. For one thread at a time.
/// </summary>
internal sealed class OutageTracker
{
    private WatchProbe? _first;
    private long _start;
    private long _lost;

    /// <summary>Takes a probe. Returns the outage that it begins or ends; null if it does neither.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="began">When it began.</param>
    public WatchOutage? Add(WatchProbe probe, long began)
    {
        if (probe.Success)
        {
            var ended = Open(began);
            if (ended is not null)
                ended.End = probe.Time;
            (_first, _lost) = (null, 0);
            return ended;
        }

        if (_lost++ > 0)
            return null;

        (_first, _start) = (probe, began);
        return Open(began);
    }

    /// <summary>The open outage; null if there is none.</summary>
    public WatchOutage? Open(long now) => _first is null ? null : new WatchOutage
    {
        Target = _first.Target,
        ComputerName = _first.ComputerName,
        Port = _first.Port,
        Udp = _first.Udp,
        Start = _first.Time,
        Duration = Clock.ToTimeSpan(now - _start),
        ProbesLost = _lost,
        FailedStage = _first.FailedStage,
        Reason = _first.Reason,
    };
}
