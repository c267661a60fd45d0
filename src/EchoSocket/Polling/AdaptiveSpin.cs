using System;
using System.Diagnostics;
using EchoSocket.Common;

namespace EchoSocket.Polling;

/// <summary>
/// Decides whether to look again and again for a while before waiting. On an idle processor most of a short wait is the
/// waking up afterwards, so looking pays where what is waited for comes within microseconds. Where it does not come in
/// time, looking only keeps the processor from those who would bring it: after a few misses it stops, and tries again
/// ever more rarely.
/// </summary>
internal sealed class AdaptiveSpin
{
    // About what waking costs: looking in vain and then waiting never takes more than twice the wait alone.
    private static readonly TimeSpan Limit = TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond / 20);

    private const int MostMisses = 4;
    private const int FirstPause = 64;
    private const int LongestPause = 8192;

    private readonly bool _lookCosts;
    private readonly long _limit;
    private int _misses;
    private int _pause = FirstPause;
    private int _skip;

    /// <param name="lookCosts">
    /// A look is a call of its own, lost where nothing had to be waited for. Otherwise it does what the wait would do.
    /// </param>
    /// <param name="limit">How long to look; 50 µs unless told otherwise.</param>
    public AdaptiveSpin(bool lookCosts, TimeSpan? limit = null)
    {
        _lookCosts = lookCosts;
        _limit = Clock.Ticks(limit ?? Limit);
    }

    /// <summary>
    /// Looks until it finds, or the time is up. True where it found. Not at all where it does not pay just now.
    /// </summary>
    public bool Find(Func<bool> look)
    {
        if (_skip > 0)
        {
            _skip--;
            return false;
        }

        // What is there at the first look needed no wait, and so proves nothing for one: on a single busy processor the
        // peer has often answered before we run again.
        var found = look();
        if (found && !_lookCosts)
            return true;

        if (!found && LookOn(look))
        {
            _misses = 0;
            _pause = FirstPause;
            return true;
        }

        if (++_misses >= MostMisses)
        {
            _misses = MostMisses - 1; // after a pause one more miss is enough
            _skip = _pause;
            _pause = Math.Min(_pause * 2, LongestPause);
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
