using System;
using System.Globalization;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;

namespace EchoSocket.Serving;

/// <summary>
/// The one place where a connection ends: decides the reason, closes with FIN or RST, and reports the result.
/// </summary>
/// <remarks>
/// When the server stops, FIN promises the client that everything it sent was answered. A client for which that is not true
/// gets RST. Any other end is a FIN if possible, so that replies already sent still reach a client that is slow to read.
/// </remarks>
/// <param name="poller">The loop's.</param>
/// <param name="connections">The loop's.</param>
/// <param name="activity">The loop's.</param>
/// <param name="unsent">The loop's.</param>
/// <param name="counters">The loop's.</param>
/// <param name="observer">Gets the results.</param>
/// <param name="local">The local endpoint of every connection; null if connections may differ in it.</param>
/// <param name="connectionEnded">Called after each end, with how many connections the server still has.</param>
internal sealed class ConnectionCloser(
    IPoller poller, ConnectionTable connections, ActivityOrder activity, UnsentReplies unsent, LoopCounters counters,
    IEchoObserver? observer, string? local, Action<int> connectionEnded)
{
    // More than the socket buffers of both ends hold. A client that keeps sending beyond this gets RST, because the close then
    // leaves data unread.
    private const long MaxDrain = 64 * 1024 * 1024;

    private readonly byte[] _discarded = new byte[32 * 1024];
    private volatile bool _stopping;

    /// <summary>For any thread: the server is being stopped, and from now on an orderly end is <see cref="EndReason.Stopped"/>.</summary>
    public bool Stopping
    {
        get => _stopping;
        set => _stopping = value;
    }

    /// <summary>Ends a connection after a receive or send failed. <see cref="SocketError.Success"/> stands for the client's FIN.</summary>
    public void End(ServedConnection connection, SocketError error)
    {
        var problem = connection.Transport.Problem;
        if (error == SocketError.Success)
            End(connection, Stopping ? EndReason.Stopped : EndReason.PeerClosed, problem);
        else if (SocketErrors.IsReset(error))
            End(connection, EndReason.PeerReset, problem);
        else
            End(connection, EndReason.Faulted, problem.Length > 0 ? problem
                : (SocketErrors.IsVanished(error) ? "The client can no longer be reached: " : "") + SocketErrors.Describe(error));
    }

    /// <summary>Ends a connection for this reason.</summary>
    public void End(ServedConnection connection, EndReason reason, string detail = "")
    {
        // Asking costs system calls, and works only while the socket is open.
        var ended = reason is EndReason.Stopped or EndReason.IdleTimeout;
        var undelivered = ended ? connection.Transport.Unacknowledged : 0;
        var ours = observer is null ? "" : local ?? connection.Transport.LocalEndPoint?.ToString() ?? "";
        Release(connection, reason);
        try
        {
            observer?.Ended(connection.Remote, connection.Result(ours, reason, ended ? Leftover(connection, reason, undelivered) : detail));
        }
        finally
        {
            connectionEnded(counters.Ended()); // only now: without active connections the server has reported every end
        }
    }

    /// <summary>Closes a connection without reporting a result.</summary>
    public void Close(ServedConnection connection, EndReason reason)
    {
        Release(connection, reason);
        counters.Ended();
    }

    /// <summary>
    /// Reads and discards up to so many bytes: closing with something unread would be a reset (RFC 9293, section 3.6.1),
    /// which destroys replies that are still on their way. Returns how the client has ended, too, or
    /// <see cref="SocketError.WouldBlock"/>.
    /// </summary>
    public SocketError Drain(ServedConnection connection, long limit)
    {
        for (var start = connection.Discarded; connection.Discarded - start < limit;)
        {
            var count = connection.Transport.Receive(_discarded, 0, _discarded.Length, out var error);
            if (count == 0)
                return error == SocketError.InProgress ? SocketError.WouldBlock : error;

            connection.Discarded += count;
            connection.BytesReceived += count;
            counters.Received(count);
        }

        return SocketError.WouldBlock;
    }

    private void Release(ServedConnection connection, EndReason reason)
    {
        connection.Faulty?.End();
        connections.Remove(connection);
        activity.Remove(connection);
        poller.Unregister(connection.Token);
        var stopped = reason == EndReason.Stopped;
        if (stopped)
            connection.Discarded += connection.Transport.Unread; // the close with RST discards it
        if (reason is not (EndReason.PeerClosed or EndReason.PeerReset) && !(stopped && Owes(connection)))
        {
            Drain(connection, MaxDrain); // makes room for more, which the second one reads
            if (connection.Transport.Shutdown())
                Drain(connection, MaxDrain);
        }

        if (stopped && Owes(connection))
            connection.Transport.Abort();
        else
            connection.Transport.Close();

        unsent.Release(connection);
    }

    private static bool Owes(ServedConnection connection) => connection.Unanswered > 0 || connection.Held > 0;

    // Says what the client does not get. After RST that is what the system has not delivered yet, too; after FIN it delivers on.
    private static string Leftover(ServedConnection connection, EndReason reason, int undelivered)
    {
        if (!Owes(connection) && reason == EndReason.Stopped)
            return "";

        var detail = undelivered > 0 ? $"The client had not yet taken {Number(undelivered)} bytes of its replies. " : "";
        if (connection.Unanswered > 0)
            detail += $"{Number(connection.Unanswered)} bytes from the client were not answered. ";
        if (connection.Held > 0)
            detail += $"{Number(connection.Held)} bytes of its replies were held back by a fault and not sent.";
        return detail.TrimEnd();
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
