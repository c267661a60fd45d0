using System;
using System.Diagnostics;
using EchoSocket.Common;

namespace EchoSocket.Measuring;

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

/// <summary>A message whenever a reply has made room for it. At the start every connection gets its share of a few.</summary>
internal sealed class ClosedLoop(long? count, long? end, int connections) : Pace
{
    private readonly long _share = count is { } c ? ((c - 1) / connections) + 1 : long.MaxValue;
    private long _left = count ?? long.MaxValue;
    private bool _timeIsUp;

    public override bool IsOver => _left == 0 || _timeIsUp;

    public override bool TryNext(MeteredConnection connection, long now, out long intended)
    {
        intended = now;
        _timeIsUp |= now >= end;
        var noneAnswered = connection.Outstanding == connection.BegunInPhase;
        if (IsOver || (noneAnswered && connection.BegunInPhase >= _share))
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
    private readonly long _end = long.MaxValue;
    private readonly long _latest = long.MaxValue;
    private long _told;

    /// <param name="rate">Messages a second over all connections.</param>
    /// <param name="connections">How many take turns.</param>
    /// <param name="start">The first message's time.</param>
    /// <param name="count">How many there are at most.</param>
    /// <param name="duration">How long messages become due.</param>
    /// <param name="patience">How long after that those that had to wait are still begun.</param>
    public OpenLoop(double rate, int connections, long start, long? count, TimeSpan? duration, TimeSpan patience)
    {
        _start = start;
        _interval = Stopwatch.Frequency / rate;
        _connections = connections;
        _count = count ?? long.MaxValue;
        if (duration is { } d)
        {
            // The last one's time is the last before the end; a product that is whole but for its rounding counts as whole.
            _count = (long)Math.Min(_count, Math.Max(Math.Ceiling(d.TotalSeconds * rate * (1 - 1e-12)), 1));
            _end = start + Clock.Ticks(d);
            _latest = _end + Clock.Ticks(patience);
        }
    }

    /// <summary>How many messages have become due.</summary>
    public long Due => Math.Min(_told, _count);

    public override bool IsOver => _told >= _count;

    // What follows the last message is the time that it has to itself, as each has, or what is left of the duration.
    public override long NextDue => _told > _count ? long.MaxValue : Math.Min(Intended(_told), _end);

    public override bool TryNext(MeteredConnection connection, long now, out long intended)
    {
        var number = (connection.BegunInPhase * _connections) + connection.Number;
        intended = Intended(number);
        return number < _count && intended <= now && now < _latest;
    }

    public override int TakeDue(long now)
    {
        if (now < NextDue)
            return -1;

        var number = _told++;
        return number < _count ? (int)(number % _connections) : -1;
    }

    private long Intended(long number) => _start + (long)(number * _interval);
}
