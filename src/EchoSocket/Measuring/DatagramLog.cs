using System;

namespace EchoSocket.Measuring;

/// <summary>What the arrival of a reply means.</summary>
internal enum ReplyKind
{
    /// <summary>The first reply to its datagram, in time.</summary>
    InTime,

    /// <summary>The first reply to its datagram, which was already counted as lost.</summary>
    Late,

    /// <summary>Another reply to a datagram that has one.</summary>
    Duplicate,

    /// <summary>A reply to a datagram of the phase before, which counts no more.</summary>
    Earlier,
}

/// <summary>
/// What became of each datagram that a socket has sent: it is outstanding, or its reply has come in time, or it is lost, or its
/// reply has come late. A late one is no longer lost. Datagrams have numbers, from 0; times are in stopwatch ticks. For one thread.
/// </summary>
/// <remarks>
/// It remembers the last <paramref name="maxRemembered"/> datagrams. A datagram also counts as lost when as many were sent after
/// it, and a reply to one that is forgotten counts as a duplicate.
/// </remarks>
/// <param name="timeout">A reply that takes longer is late.</param>
/// <param name="maxRemembered">A power of 2.</param>
internal sealed class DatagramLog(long timeout, int maxRemembered = 1 << 22)
{
    private const int FirstSize = 16;

    // RFC 3550, section 6.4.1 and appendix A.8: each difference changes the jitter by a sixteenth.
    private const double JitterGain = 1.0 / 16;

    // Rings, whose sizes are powers of 2: the states of the last datagrams, and the times of those from _oldest on.
    private State[] _states = new State[FirstSize];
    private (long Sent, long Intended)[] _times = new (long, long)[FirstSize];

    private long _first; // of this phase
    private long _oldest; // all before it are settled
    private long _highest = -1; // of those whose reply came in time
    private long _lossRun;
    private long _lastRoundTrip;
    private double _jitter;

    private enum State : byte
    {
        Outstanding,
        Answered,
        Lost,
        Late,
    }

    /// <summary>The number of the next datagram.</summary>
    public long Next { get; private set; }

    /// <summary>Datagrams sent in this phase.</summary>
    public long Sent => Next - _first;

    public int Outstanding { get; private set; }

    /// <summary>Datagrams whose first reply came in time.</summary>
    public long Received { get; private set; }

    /// <summary>Datagrams without a reply in time, or, so far, at all.</summary>
    public long Lost { get; private set; }

    /// <summary>Datagrams whose first reply came when they were already counted as lost.</summary>
    public long Late { get; private set; }

    /// <summary>Replies beyond the first one to a datagram.</summary>
    public long Duplicated { get; private set; }

    /// <summary>
    /// Replies in time that came after one with a higher number: reordered as described in RFC 4737, section 3.
    /// </summary>
    public long Reordered { get; private set; }

    /// <summary>The highest number of datagrams, one after another, without a reply in time.</summary>
    public long LongestLossRun { get; private set; }

    /// <summary>
    /// The jitter of RFC 3550, section 6.4.1, of round-trip times instead of transit times, in ticks; null before the second
    /// reply in time.
    /// </summary>
    public double? Jitter => Received > 1 ? _jitter : null;

    /// <summary>Begins a phase, which counts from zero. No datagram may be outstanding.</summary>
    public void BeginPhase()
    {
        if (Outstanding > 0)
            throw new InvalidOperationException("A datagram is outstanding.");

        _first = Next;
        Received = Lost = Late = Duplicated = Reordered = LongestLossRun = _lossRun = 0;
        _jitter = 0;
    }

    /// <summary>Notes that the next datagram is sent.</summary>
    /// <param name="now">The time.</param>
    /// <param name="intended">When it should have been sent: its round trip counts from then.</param>
    public void Send(long now, long intended)
    {
        if (Next - _oldest == maxRemembered)
        {
            Lose(_oldest);
            Settle();
        }

        if (Next == _states.Length && Next < maxRemembered)
            _states = Grown(_states, 0);
        if (Next - _oldest == _times.Length)
            _times = Grown(_times, _oldest);
        _states[Index(Next, _states)] = State.Outstanding;
        _times[Index(Next, _times)] = (now, intended);
        Next++;
        Outstanding++;
    }

    /// <summary>Notes that a reply has come.</summary>
    /// <param name="number">The number of a datagram that was sent.</param>
    /// <param name="now">The time.</param>
    /// <param name="roundTrip">Its round-trip time, if it came in time.</param>
    public ReplyKind Receive(long number, long now, out long roundTrip)
    {
        roundTrip = 0;
        if (number < _first)
            return ReplyKind.Earlier;

        if (number >= _oldest && now - _times[Index(number, _times)].Sent > timeout)
            GiveUp(now);
        var forgotten = number < Next - _states.Length;
        switch (forgotten ? State.Answered : _states[Index(number, _states)])
        {
            case State.Outstanding:
                roundTrip = now - _times[Index(number, _times)].Intended;
                Answer(number, roundTrip);
                return ReplyKind.InTime;
            case State.Lost:
                _states[Index(number, _states)] = State.Late;
                Lost--;
                Late++;
                return ReplyKind.Late;
            default:
                Duplicated++;
                return ReplyKind.Duplicate;
        }
    }

    /// <summary>Counts datagrams as lost whose time is up. Returns how many.</summary>
    public int GiveUp(long now)
    {
        var before = Outstanding;
        while (_oldest < Next && now - _times[Index(_oldest, _times)].Sent > timeout)
        {
            Lose(_oldest);
            Settle();
        }

        return before - Outstanding;
    }

    /// <summary>Counts all outstanding datagrams as lost. Returns how many.</summary>
    public int GiveUpAll()
    {
        var before = Outstanding;
        while (_oldest < Next)
        {
            Lose(_oldest);
            Settle();
        }

        return before;
    }

    private static long Index<T>(long number, T[] ring) => number & (ring.Length - 1);

    private static T[] Grown<T>(T[] ring, long first)
    {
        var grown = new T[ring.Length * 2];
        for (var number = first; number < first + ring.Length; number++)
            grown[Index(number, grown)] = ring[Index(number, ring)];
        return grown;
    }

    private void Answer(long number, long roundTrip)
    {
        _states[Index(number, _states)] = State.Answered;
        Outstanding--;
        Reordered += number < _highest ? 1 : 0;
        _highest = Math.Max(_highest, number);
        if (Received > 0)
            _jitter += (Math.Abs(roundTrip - _lastRoundTrip) - _jitter) * JitterGain;
        _lastRoundTrip = roundTrip;
        Received++;
        if (number == _oldest)
            Settle();
    }

    private void Lose(long number)
    {
        _states[Index(number, _states)] = State.Lost;
        Outstanding--;
        Lost++;
    }

    // Passes over the settled datagrams, in order, and finds the runs of losses among them.
    private void Settle()
    {
        for (; _oldest < Next && _states[Index(_oldest, _states)] is not State.Outstanding and var state; _oldest++)
        {
            _lossRun = state == State.Answered ? 0 : _lossRun + 1;
            LongestLossRun = Math.Max(LongestLossRun, _lossRun);
        }
    }
}
