using System;

namespace EchoSocket.Watching;

/// <summary>
/// When the probes of a target are due: at fixed times (slots), an interval apart, counted from the start. So a slow reply
/// does not shift the probes after it. All times are in stopwatch ticks.
/// </summary>
/// <param name="start">The first slot.</param>
/// <param name="interval">From one slot to the next.</param>
/// <param name="grace">How late a probe may begin. A slot that is older is missed.</param>
/// <param name="end">No slot is at this time or later.</param>
internal sealed class ProbeSchedule(long start, long interval, long grace, long end)
{
    private long _next = start;

    /// <summary>Takes the next slot that is not missed; null if there is none before the end.</summary>
    public long? Take(long now)
    {
        var late = now - grace - _next;
        if (late > 0)
            _next += ((late - 1) / interval + 1) * interval;
        return TakeBefore(end);
    }

    /// <summary>Takes the next slot if it is missed, and before this time; otherwise null.</summary>
    public long? TakeMissed(long now, long before) => TakeBefore(Math.Min(Math.Min(now - grace, before), end));

    private long? TakeBefore(long time)
    {
        if (_next >= time)
            return null;

        var slot = _next;
        _next += interval;
        return slot;
    }
}
