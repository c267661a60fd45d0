using System;
using System.Diagnostics;

namespace EchoSocket;

/// <summary>Decides when a connection may begin a message. Times are in the stopwatch's ticks.</summary>
internal abstract class Pace
{
    /// <summary>No further message will become due.</summary>
    public abstract bool IsOver { get; }

    /// <summary>When the next message becomes due by the clock; the longest time where messages only follow replies.</summary>
    public virtual long NextDue => long.MaxValue;

    /// <summary>Takes the next message for a connection that has room for one; says since when its round trip counts.</summary>
    public abstract bool TryNext(MeteredConnection connection, long now, out long intended);

    /// <summary>The number of a connection that a message is due for by the clock, and has not been told; -1 for none.</summary>
    public virtual int TakeDue(long now) => -1;
}

/// <summary>A few messages on each connection, one after another.</summary>
internal sealed class WarmUp(int count) : Pace
{
    public override bool IsOver => false;

    public override bool TryNext(MeteredConnection connection, long now, out long intended)
    {
        intended = now;
        return connection.BegunInPhase < count && connection.Outstanding == 0;
    }
}

/// <summary>A message whenever a reply has made room for it.</summary>
internal sealed class ClosedLoop(long? count, long? end) : Pace
{
    private long _left = count ?? long.MaxValue;
    private bool _timeIsUp;

    public override bool IsOver => _left == 0 || _timeIsUp;

    public override bool TryNext(MeteredConnection connection, long now, out long intended)
    {
        intended = now;
        _timeIsUp |= now >= end;
        if (IsOver)
            return false;

        _left--;
        return true;
    }
}

/// <summary>
/// Messages at fixed times, the connections taking turns. Where a connection has no room for its message, that waits, and
/// its round trip counts from its own time all the same.
/// </summary>
internal sealed class OpenLoop : Pace
{
    private readonly long _start;
    private readonly double _interval;
    private readonly int _connections;
    private readonly long _count;
    private long _told;

    public OpenLoop(double rate, int connections, long start, long? count, TimeSpan? duration)
    {
        _start = start;
        _interval = Stopwatch.Frequency / rate;
        _connections = connections;

        // The last one's time is the last before the end.
        var inTime = duration is { } d ? (long)Math.Min(Math.Max(Math.Ceiling(d.TotalSeconds * rate), 1), long.MaxValue / 2) : long.MaxValue;
        _count = Math.Min(count ?? long.MaxValue, inTime);
    }

    public override bool IsOver => _told >= _count;

    public override long NextDue => IsOver ? long.MaxValue : Intended(_told);

    public override bool TryNext(MeteredConnection connection, long now, out long intended)
    {
        var number = (connection.BegunInPhase * _connections) + connection.Number;
        intended = Intended(number);
        return number < _count && intended <= now;
    }

    public override int TakeDue(long now) => !IsOver && Intended(_told) <= now ? (int)(_told++ % _connections) : -1;

    private long Intended(long number) => _start + (long)(number * _interval);
}
