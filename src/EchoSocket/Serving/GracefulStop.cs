using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;

namespace EchoSocket.Serving;

/// <summary>
/// Ends all connections of a stopped server within a time limit: answers each client until nothing is left to read, sends
/// FIN, and waits for the client's own FIN. A client that has not finished by then is disconnected.
/// </summary>
internal sealed class GracefulStop(
    Readiness readiness, ConnectionTable connections, Answering answering, ConnectionCloser closer, TimeSpan limit)
{
    // How much of a client's data after our FIN is discarded in one turn, so that the others get theirs.
    private const int DrainStep = 256 * 1024;

    // Connections that may have more to read. All others wait for room in their send buffer, or for the client's FIN.
    private readonly Queue<ServedConnection> _answering = new();

    public void Run()
    {
        var end = Stopwatch.GetTimestamp() + Clock.Ticks(limit);
        closer.Stopping = true;
        foreach (var connection in connections.All())
            Advance(connection);

        while (connections.Count > 0 && Stopwatch.GetTimestamp() < end)
        {
            readiness.Wait(_answering.Count > 0 ? 0 : Clock.MillisecondsUntil(end));
            for (var i = 0; i < readiness.Count; i++)
            {
                if (connections[readiness[i]] is { } connection && (connection.Closing || connection.Unsent is not null))
                    Advance(connection);
            }

            for (var count = _answering.Count; count > 0; count--)
                Advance(_answering.Dequeue());
        }

        foreach (var connection in connections.All())
            closer.End(connection, EndReason.Stopped);
    }

    private void Advance(ServedConnection connection)
    {
        if (connection.Closing)
        {
            if (closer.Drain(connection, DrainStep) is not SocketError.WouldBlock and var error)
                closer.End(connection, error);
            return;
        }

        var step = answering.Advance(connection);
        if (step == Step.Ended || connection.Unsent is not null)
            return;

        if (step == Step.Moved)
            _answering.Enqueue(connection);
        else
            BeginClosing(connection);
    }

    private void BeginClosing(ServedConnection connection)
    {
        connection.Closing = true;
        if (!connection.Transport.Shutdown())
            closer.End(connection, EndReason.Stopped);
    }
}
