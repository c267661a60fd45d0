using System;
using System.Diagnostics;
using EchoSocket.Common;

namespace EchoSocket.Serving;

/// <summary>
/// Tells an observer of messages without a reply: ten in a second, and of the others only how many they were. For one thread.
/// </summary>
internal sealed class RefusalReport(IEchoUdpObserver? observer)
{
    private const int MaxReported = 10;

    private static readonly long Window = Clock.Ticks(TimeSpan.FromSeconds(1));

    private long _end = long.MinValue;
    private int _reported;
    private long _skipped;

    /// <summary>When to call <see cref="Tell"/>, in stopwatch ticks; <see cref="long.MaxValue"/> if there is nothing to tell.</summary>
    public long Due => _skipped > 0 ? _end : long.MaxValue;

    public void Refused(in PeerAddress remote, EchoUdpRefusal reason)
    {
        if (MayReport())
            observer!.Refused(remote.ToEndPoint(), reason);
    }

    public void Unanswered(in PeerAddress remote, string problem)
    {
        if (MayReport())
            observer!.Unanswered(remote.ToEndPoint(), problem);
    }

    /// <summary>Tells how many were not reported, if that is due or the server ends.</summary>
    public void Tell(bool ending = false)
    {
        if (_skipped == 0 || (!ending && Stopwatch.GetTimestamp() < _end))
            return;

        var skipped = _skipped;
        _skipped = 0;
        observer!.Skipped(skipped);
    }

    private bool MayReport()
    {
        if (observer is null)
            return false;

        var now = Stopwatch.GetTimestamp();
        if (now >= _end)
        {
            Tell();
            _end = now + Window;
            _reported = 0;
        }

        if (_reported == MaxReported)
        {
            _skipped++;
            return false;
        }

        _reported++;
        return true;
    }
}
