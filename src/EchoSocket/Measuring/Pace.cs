using System;
using System.Diagnostics;
using EchoSocket.Common;

namespace EchoSocket.Measuring;

/// <summary>Decides when the connections send their messages. Times are in stopwatch ticks.</summary>
internal abstract class Pace
{
    /// <summary>True if no further message will become due.</summary>
    public abstract bool IsOver { get; }

    /// <summary>When the next message becomes due by the clock; <see cref="long.MaxValue"/> if messages only follow replies.</summary>
    public virtual long NextDue => long.MaxValue;

    /// <summary>How many messages were due by the clock and have not been sent.</summary>
    public virtual long NeverSent => 0;

    /// <summary>Takes the messages that a connection may send now, at most <paramref name="max"/>. Returns how many.</summary>
    public abstract int Take(IPaced connection, long now, int max);

    /// <summary>
    /// When a message of a connection, numbered from the beginning of the phase, should have been sent. Its round trip counts from
    /// then.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="message">The number of the message.</param>
    /// <param name="sent">When it was sent.</param>
    public virtual long Intended(IPaced connection, long message, long sent) => sent;

    /// <summary>Takes the next message that is due by the clock: returns its connection's number, -1 if none is due.</summary>
    public virtual int TakeDue(long now) => -1;
}

/// <summary>A few messages on each connection, one after another.</summary>
internal sealed class WarmUp(int count) : Pace
{
    public override bool IsOver => false;

    public override int Take(IPaced connection, long now, int max) =>
        connection.BegunInPhase < count && connection.Outstanding == 0 ? 1 : 0;
}

/// <summary>What a pace has to know of a connection, or of a socket for datagrams.</summary>
internal interface IPaced
{
    /// <summary>The index of the connection, from 0.</summary>
    int Number { get; }

    /// <summary>Messages sent that are not settled.</summary>
    int Outstanding { get; }

    /// <summary>Messages begun in this phase.</summary>
    long BegunInPhase { get; }

    /// <summary>Messages of this phase that were answered, or counted as lost.</summary>
    long SettledInPhase { get; }
}

/// <summary>
/// A message for each reply. At the start every connection gets an equal share of the messages, so that no connection takes
/// all of a small count.
/// </summary>
internal sealed class ClosedLoop(long? count, long? end, int connections) : Pace
{
    private readonly long _share = count is { } c ? ((c - 1) / connections) + 1 : long.MaxValue;
    private long _left = count ?? long.MaxValue;
    private bool _timeIsUp;

    public override bool IsOver => _left == 0 || _timeIsUp;

    public override int Take(IPaced connection, long now, int max)
    {
        _timeIsUp |= now >= end;
        if (_timeIsUp)
            return 0;

        var noneSettled = connection.SettledInPhase == 0;
        var taken = (int)Math.Min(Math.Min(max, _left), noneSettled ? _share - connection.BegunInPhase : max);
        _left -= taken;
        return taken;
    }
}

/// <summary>
/// Messages at fixed times; the connections take turns. A message waits if its connection cannot send it yet, but its round
/// trip still counts from its intended time.
/// </summary>
internal sealed class OpenLoop(double rate, int connections, long start, long? count, TimeSpan? duration, TimeSpan overtime) : Pace
{
    private readonly double _interval = Stopwatch.Frequency / rate;

    // How many messages are due before the end. The factor keeps a product such as 110.00000000000001 from counting as 111.
    private readonly long _count = Math.Min(
        count ?? long.MaxValue, duration is { } d ? (long)Math.Max(Math.Ceiling(d.TotalSeconds * rate * (1 - 1e-12)), 1) : long.MaxValue);

    private readonly long _end = duration is { } d ? start + Clock.Ticks(d) : long.MaxValue;

    // Messages that had to wait are still sent until this time.
    private readonly long _latest = duration is { } d ? start + Clock.Ticks(d + overtime) : long.MaxValue;

    private long _due;
    private long _sent;

    /// <summary>How many messages have become due.</summary>
    public long Due => Math.Min(_due, _count);

    public override bool IsOver => _due >= _count;

    public override long NeverSent => Due - _sent;

    // The last message is followed by an interval, as every message is, but not beyond the duration.
    public override long NextDue => _due > _count ? long.MaxValue : Math.Min(TimeOf(_due), _end);

    public override int Take(IPaced connection, long now, int max)
    {
        var taken = 0;
        while (taken < max && now < _latest && IsDue(NumberOf(connection, connection.BegunInPhase + taken), now))
            taken++;
        _sent += taken;
        return taken;
    }

    public override long Intended(IPaced connection, long message, long sent) => TimeOf(NumberOf(connection, message));

    public override int TakeDue(long now)
    {
        if (now < NextDue)
            return -1;

        var number = _due++;
        return number < _count ? (int)(number % connections) : -1;
    }

    private bool IsDue(long number, long now) => number < _count && TimeOf(number) <= now;

    private long NumberOf(IPaced connection, long message) => (message * connections) + connection.Number;

    private long TimeOf(long number) => start + (long)(number * _interval);
}
