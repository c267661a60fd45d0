using System;
using EchoSocket.Common;

namespace EchoSocket.Serving;

/// <summary>Ends connections on which no byte has moved for longer than the limit.</summary>
internal sealed class IdleTimer(TimeSpan? limit, ActivityOrder activity, Answering answering, ConnectionCloser closer)
{
    private readonly long _limit = limit is { } time ? Clock.Ticks(time) : 0;

    /// <summary>True if there is a limit.</summary>
    public bool IsOn => _limit > 0;

    /// <summary>When the next connection may reach the limit, in stopwatch ticks; <see cref="long.MaxValue"/> for never.</summary>
    public long Due => IsOn && activity.Earliest is { } earliest ? earliest.LastActivity + _limit : long.MaxValue;

    /// <summary>Notes that bytes moved.</summary>
    public void Touch(ServedConnection connection, long now)
    {
        if (IsOn)
            activity.Touch(connection, now);
    }

    /// <summary>Ends the connections that have reached the limit.</summary>
    public void EndIdle(long now)
    {
        while (Due <= now)
        {
            // The process may have been suspended for longer than the limit. So only a check of the socket now, which finds
            // nothing to read or send, proves that the client is idle.
            var connection = activity.Earliest!;
            var step = answering.Advance(connection);
            if (step == Step.Nothing && connection.Faulty is not { IsHolding: true })
                closer.End(connection, EndReason.IdleTimeout);
            else if (step != Step.Ended)
                activity.Touch(connection, now);
        }
    }
}
