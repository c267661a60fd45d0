using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Sockets;
using EchoSocket.Common;

namespace EchoSocket.Measuring;

/// <summary>Fails connections on which a message has been outstanding for longer than the limit.</summary>
internal sealed class ReplyTimer(TimeSpan limit, ConnectionFailures failures)
{
    private readonly long _limit = Clock.Ticks(limit);

    // A lost message is found too late by a twentieth of the limit at most.
    private readonly long _interval = Math.Min(Clock.Ticks(limit) / 20, Stopwatch.Frequency / 4);

    /// <summary>When to look for late replies next, in stopwatch ticks.</summary>
    public long Due { get; private set; }

    /// <summary>The oldest outstanding message of a connection has been so for too long.</summary>
    public bool IsLate(MeteredConnection connection, long now) => connection.Outstanding > 0 && now - connection.OldestSent > _limit;

    /// <summary>Fails the connections with a late reply, once it is time to look for them.</summary>
    public void FailLate(IReadOnlyList<MeteredConnection> connections, long now)
    {
        if (now < Due)
            return;

        Due = now + _interval;
        foreach (var connection in connections)
        {
            if (!connection.Failed && IsLate(connection, now))
                failures.Fail(connection, SocketError.TimedOut);
        }
    }
}
