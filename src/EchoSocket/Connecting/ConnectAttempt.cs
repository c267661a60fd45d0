using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;

namespace EchoSocket.Connecting;

/// <summary>A single attempt to connect to a single endpoint. Immutable.</summary>
internal sealed class ConnectAttempt(IPEndPoint remote, TimeSpan time, ConnectedSocket? connected, SocketException? failure)
{
    public IPEndPoint Remote { get; } = remote;

    /// <summary>How long it took to connect or to fail.</summary>
    public TimeSpan Time { get; } = time;

    /// <summary>Null if the attempt failed or was cancelled.</summary>
    public ConnectedSocket? Connected { get; } = connected;

    /// <summary>Null if the attempt succeeded or was cancelled.</summary>
    public SocketException? Failure { get; } = failure;

    public static Socket CreateSocket(IPEndPoint remote) => new(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>
    /// Connects the given socket, or a new one, and closes it if that fails. The attempt times out at the deadline, in stopwatch ticks.
    /// <paramref name="prepare"/> is called before.
    /// </summary>
    public static ConnectAttempt Run(
        IPEndPoint remote, long deadline, CancellationToken cancellation, Socket? socket = null, Action<Socket>? prepare = null)
    {
        var start = Stopwatch.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Clock.MillisecondsUntil(deadline));
        SocketException? failure = null;
        try
        {
            socket ??= CreateSocket(remote);
            socket.NoDelay = true;
            prepare?.Invoke(socket);

            // Only closing the socket ends a blocking connect on every system. An asynchronous connect would make the
            // socket non-blocking on Unix for the rest of its life.
            TimeSpan time;
            using (limit.Token.Register(socket.Dispose))
            {
                // Time the handshake alone: in a new process, loading and compiling the code around it takes milliseconds.
                start = Stopwatch.GetTimestamp();
                socket.Connect(remote);
                time = Clock.Since(start);
            }

            // If nothing listens on a port of the ephemeral range, Linux may give the client that same port. TCP then
            // connects the socket to itself (RFC 9293, section 3.5, simultaneous open), and an echo would need no server.
            if (!limit.IsCancellationRequested && socket.LocalEndPoint is IPEndPoint local && !local.Equals(remote))
                return new ConnectAttempt(remote, time, new ConnectedSocket(socket, local, remote, time), null);
            failure = new SocketException((int)SocketError.ConnectionRefused);
        }
        catch (SocketException e)
        {
            // Linux and macOS report it so if there is no route between the address of the socket and this one.
            failure = e.SocketErrorCode == SocketError.InvalidArgument ? new SocketException((int)SocketError.HostUnreachable) : e;
        }
        catch (ObjectDisposedException)
        {
            // The deadline or the token closed the socket.
        }

        socket?.Dispose();
        if (limit.IsCancellationRequested)
            failure = cancellation.IsCancellationRequested ? null : new SocketException((int)SocketError.TimedOut);
        return new ConnectAttempt(remote, Clock.Since(start), null, failure);
    }
}
