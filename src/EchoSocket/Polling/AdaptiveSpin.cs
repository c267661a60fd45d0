using System;
using System.Diagnostics;
using EchoSocket.Common;

namespace EchoSocket.Polling;

/// <summary>
/// Decides whether to look repeatedly for a short time before waiting. On an idle processor most of a short wait is the time
/// to wake up, so looking pays if the event comes within microseconds. If it does not come in time, looking only takes the
/// processor from the thread that would bring it. So after a few misses it stops, and tries again less and less often. For
/// one thread at a time.
/// </summary>
internal sealed class AdaptiveSpin
{
    // About what waking up costs: looking in vain and then waiting takes at most twice as long as waiting alone.
    private static readonly TimeSpan Limit = TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond / 20);

    private const int MaxMisses = 4;
    private const int FirstPause = 64;
    private const int MaxPause = 8192;

    private readonly bool _lookCosts;
    private readonly long _limit;
    private int _misses;
    private int _pause = FirstPause;
    private int _skip;

    /// <param name="lookCosts">
    /// True if a look is an additional call, which is wasted if no wait is needed. False if it does what the wait would do.
    /// </param>
    /// <param name="limit">How long to look. Default 50 µs.</param>
    public AdaptiveSpin(bool lookCosts, TimeSpan? limit = null)
    {
        _lookCosts = lookCosts;
        _limit = Clock.Ticks(limit ?? Limit);
    }

    /// <summary>
    /// Looks until the event has come or the time is up. True if it has come. Does not look at all while that does not pay.
    /// </summary>
    public bool Find(Func<bool> look)
    {
        if (_skip > 0)
        {
            _skip--;
            return false;
        }

        // An event that is there at the first look needed no wait, so it does not show that looking pays: on a single busy
        // processor the peer has often answered before this thread runs again.
        var found = look();
        if (found && !_lookCosts)
            return true;

        if (!found && LookOn(look))
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

    private bool LookOn(Func<bool> look)
    {
        var end = Stopwatch.GetTimestamp() + _limit;
        while (Stopwatch.GetTimestamp() < end)
        {
            if (look())
                return true;
        }

        return false;
    }
}
