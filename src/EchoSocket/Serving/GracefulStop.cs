using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;

namespace EchoSocket.Serving;

/// <summary>
/// Ends all connections of a stopped server within a time limit: answers each client until nothing comes for a moment, sends
/// FIN, and waits for the client's own FIN. A client that has not finished by then is disconnected. For the loop's thread, except
/// <see cref="Abort"/>.
/// </summary>
internal sealed class GracefulStop(
    Readiness readiness, Timers timers, ConnectionTable connections, Answering answering, ConnectionCloser closer, TimeSpan limit)
{
    // How much of a client's data after our FIN is discarded in one turn, so that the others get theirs.
    private const int DrainStep = 256 * 1024;

    // What a client has sent may still be on its way: in its own system, which a busy computer runs late, or on the network. So
    // a client with nothing to read must be quiet for a while, but one that keeps sending has no more than a limited time.
    private static readonly long QuietTime = Clock.Ticks(TimeSpan.FromMilliseconds(50));
    private static readonly long MaxQuietTime = Clock.Ticks(TimeSpan.FromMilliseconds(250));

    // Connections that may have more to read.
    private readonly Queue<ServedConnection> _answering = new();

    // Connections that had nothing to read, in the order of their QuietSince. All others wait for room in their send buffer, or
    // for the client's FIN.
    private readonly Queue<(ServedConnection Connection, long Since)> _quiet = new();

    private long _maxQuietEnd;
    private volatile bool _aborted;

    private long QuietEnd => _quiet.Count > 0 ? Math.Min(_quiet.Peek().Since + QuietTime, _maxQuietEnd) : long.MaxValue;

    /// <summary>From any thread: <see cref="Run"/> returns soon, and leaves the connections to be closed. Wake the loop after it.</summary>
    public void Abort() => _aborted = true;

    public void Run()
    {
        var start = Stopwatch.GetTimestamp();
        var end = start + Clock.Ticks(limit);
        _maxQuietEnd = start + MaxQuietTime;
        closer.Stopping = true;
        foreach (var connection in connections.All())
            Advance(connection);

        while (!_aborted && connections.Count > 0 && Stopwatch.GetTimestamp() < end)
        {
            readiness.Wait(_answering.Count > 0 ? 0 : Clock.MillisecondsUntil(Math.Min(Math.Min(end, timers.Due), QuietEnd)));
            for (var i = 0; i < readiness.Count; i++)
            {
                if (connections[readiness[i]] is { } connection && (connection.Closing || connection.HasUnsent || connection.QuietSince > 0))
                    Advance(connection);
            }

            var now = Stopwatch.GetTimestamp();
            while (timers.TryTake(now, out var token))
                Advance(connections[token]!);

            for (var count = _answering.Count; count > 0; count--)
                Advance(_answering.Dequeue());
            CloseQuiet();
        }

        if (_aborted)
            return;

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
        if (step == Step.Nothing && !connection.HasUnsent && connection.QuietSince == 0)
        {
            connection.QuietSince = Stopwatch.GetTimestamp();
            _quiet.Enqueue((connection, connection.QuietSince));
        }
        else if (step == Step.Moved)
        {
            connection.QuietSince = 0;
            if (!connection.HasUnsent)
                _answering.Enqueue(connection);
        }
    }

    private void CloseQuiet()
    {
        while (QuietEnd <= Stopwatch.GetTimestamp())
        {
            var (connection, since) = _quiet.Dequeue();
            if (connection.QuietSince == since && connections[connection.Token] == connection)
                BeginClosing(connection);
        }
    }

    private void BeginClosing(ServedConnection connection)
    {
        connection.Closing = true;
        if (!connection.Transport.Shutdown())
            closer.End(connection, EndReason.Stopped);
    }
}
