using System;
using System.Diagnostics;
using EchoSocket.Common;

namespace EchoSocket.Polling;

/// <summary>
/// Decides whether to spin, that is to poll for a short time before waiting. On an idle processor most of a short wait is the
/// time to wake up, so a spin pays off if the event comes within microseconds. If it does not, the spin only takes the
/// processor from the thread that would cause the event. So after a few misses it stops spinning, and tries again less and
/// less often. For one thread at a time.
/// </summary>
internal sealed class AdaptiveSpin
{
    // About the time to wake up: a spin that misses, and the wait after it, take at most twice as long as the wait alone.
    private static readonly TimeSpan Limit = TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond / 20);

    private const int MaxMisses = 4;
    private const int FirstPause = 64;
    private const int MaxPause = 8192;

    private readonly bool _pollCosts;
    private readonly long _limit;
    private int _misses;
    private int _pause = FirstPause;
    private int _skip;

    /// <param name="pollCosts">
    /// True if a poll is an additional call, wasted if the event is already there. False if it does the work of the wait.
    /// </param>
    /// <param name="limit">How long to spin. Default 50 µs.</param>
    public AdaptiveSpin(bool pollCosts, TimeSpan? limit = null)
    {
        _pollCosts = pollCosts;
        _limit = Clock.Ticks(limit ?? Limit);
    }

    /// <summary>
    /// Polls until the event has come or the time is up, and returns true if it has come. While spinning does not pay off,
    /// returns false without a poll.
    /// </summary>
    public bool TrySpin(Func<bool> poll)
    {
        if (_skip > 0)
        {
            _skip--;
            return false;
        }

        // An event that the first poll finds needed no wait, so it does not show that spinning pays off: on a single busy
        // processor the peer has often answered before this thread runs again.
        var found = poll();
        if (found && !_pollCosts)
            return true;

        if (!found && Spin(poll))
        {
            _misses = 0;
            _pause = FirstPause;
            return true;
        }

        if (++_misses >= MaxMisses)
        {
            _misses = MaxMisses - 1; // after a pause one more miss is enough
            _skip = _pause;
            _pause = Math.Min(_pause * 2, MaxPause);
        }

        return found;
    }

    private bool Spin(Func<bool> poll)
    {
        var end = Stopwatch.GetTimestamp() + _limit;
        while (Stopwatch.GetTimestamp() < end)
        {
            if (poll())
                return true;
        }

        return false;
    }
}
