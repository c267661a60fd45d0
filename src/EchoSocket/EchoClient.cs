using System;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket;

/// <summary>
/// One connection to an echo server. For one thread at a time; the token given to <see cref="Connect"/> may be cancelled
/// from any thread.
/// </summary>
public sealed class EchoClient : IDisposable
{
    // A reset ends the send and the receive at the same moment. This is the time that the sending thread has to report it.
    private static readonly TimeSpan ResetGrace = TimeSpan.FromMilliseconds(50);

    private readonly BlockingTransport _transport;
    private readonly AdaptiveSpin _spin = new(pollCosts: true);
    private readonly Func<bool> _isReadable;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenRegistration _registration;
    private readonly TimeSpan _timeout;
    private readonly int _fitsReceiveBuffer;

    private EchoClient(ConnectedSocket connection, string endPoint, TimeSpan operationTimeout, CancellationToken cancellation)
    {
        _transport = new BlockingTransport(connection.Socket);
        _isReadable = _transport.IsReadable;
        _timeout = operationTimeout;
        connection.Socket.SendTimeout = (int)Math.Ceiling(operationTimeout.TotalMilliseconds);

        // Linux uses part of the buffer for its own bookkeeping (tcp(7), tcp_adv_win_scale), hence a quarter.
        _fitsReceiveBuffer = connection.Socket.ReceiveBufferSize / 4;

        EndPoint = endPoint;
        LocalEndPoint = connection.Local.ToString();
        RemoteEndPoint = connection.Remote.ToString();
        _cancellation = cancellation;
        _registration = cancellation.Register(_transport.Shutdown);
    }

    /// <summary>The endpoint as the caller wrote it, <c>host:port</c>.</summary>
    public string EndPoint { get; }

    /// <summary>This end, as <c>address:port</c>.</summary>
    public string LocalEndPoint { get; }

    /// <summary>The server's end, as <c>address:port</c>.</summary>
    public string RemoteEndPoint { get; }

    /// <summary>
    /// Opens a connection. Cancelling <paramref name="cancellation"/> ends the attempt; after that it ends a running exchange
    /// and closes the connection with FIN.
    /// </summary>
    /// <exception cref="EchoException">
    /// <see cref="EchoError.ConnectionRefused"/>, <see cref="EchoError.HostNotFound"/>,
    /// <see cref="EchoError.HostUnreachable"/>, <see cref="EchoError.ConnectionTimeout"/>,
    /// <see cref="EchoError.AccessDenied"/> or <see cref="EchoError.SocketFailure"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static EchoClient Connect(EchoClientOptions options, CancellationToken cancellation = default)
    {
        if (options is null)
            throw new ArgumentNullException(nameof(options));

        var endPoint = Connector.Display(options.Host, options.Port);
        var connection = Connector.Connect(options, cancellation);
        try
        {
            return new EchoClient(connection, endPoint, options.OperationTimeout, cancellation);
        }
        catch (SocketException e)
        {
            // macOS refuses options on a connection that was reset.
            connection.Socket.Dispose();
            throw Errors.Connect(endPoint, "", e, options.ConnectionTimeout);
        }
    }

    /// <summary>
    /// Sends the first <paramref name="count"/> bytes of <paramref name="message"/> and reads as many into
    /// <paramref name="reply"/>. Returns the round-trip time: from the start of the send to the last byte of the reply. A
    /// failure closes the connection, because a late reply could not be told from the reply to a later message.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The message is empty (nothing would be sent, so no reply would come), or longer than a buffer.
    /// </exception>
    /// <exception cref="EchoException">
    /// <see cref="EchoError.OperationTimeout"/>, <see cref="EchoError.ConnectionClosedEarly"/>,
    /// <see cref="EchoError.ConnectionReset"/> or <see cref="EchoError.SocketFailure"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The connection's token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The connection is closed.</exception>
    public TimeSpan Exchange(byte[] message, int count, byte[] reply)
    {
        if (message is null)
            throw new ArgumentNullException(nameof(message));
        if (reply is null)
            throw new ArgumentNullException(nameof(reply));
        if (count < 1)
            throw new ArgumentOutOfRangeException(nameof(count), count, "An empty message puts nothing on the wire, so no reply would come.");
        if (count > message.Length || count > reply.Length)
            throw new ArgumentOutOfRangeException(nameof(count), count, "The message and its reply must fit their buffers.");
        if (_transport.IsDisposed)
            throw new ObjectDisposedException(nameof(EchoClient));

        var start = Stopwatch.GetTimestamp();
        var due = start + Clock.Ticks(_timeout);
        var received = 0;
        var error = count <= _fitsReceiveBuffer
            ? SendThenReceive(message, count, reply, due, ref received)
            : SendWhileReceiving(message, count, reply, due, ref received);
        if (error == SocketError.Success && received == count)
            return Clock.Since(start);

        Dispose();
        _cancellation.ThrowIfCancellationRequested();
        throw Errors.Exchange(EndPoint, received, count, error, _timeout);
    }

    /// <summary>Closes the connection with FIN.</summary>
    public void Dispose()
    {
        _registration.Dispose();
        _transport.Dispose();
    }

    // If the reply fits our receive buffer, the server can always send it and so keeps reading.
    private SocketError SendThenReceive(byte[] message, int count, byte[] reply, long due, ref int received)
    {
        var error = _transport.Send(message, count);
        if (error != SocketError.Success)
            return error;

        _spin.TrySpin(_isReadable);
        return Receive(reply, count, due, ref received);
    }

    // A longer message could fill the buffers in both directions, and then each side would wait for the other to read.
    private SocketError SendWhileReceiving(byte[] message, int count, byte[] reply, long due, ref int received)
    {
        var sending = Task.Factory.StartNew(
            () => _transport.Send(message, count), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var error = Receive(reply, count, due, ref received);
        if (received == count)
        {
            // A peer that is not an echo server may answer before it has read everything. The next message has to wait.
            error = sending.Wait(Clock.MillisecondsUntil(due)) ? sending.Result : SocketError.TimedOut;
            if (error == SocketError.Success)
                return error;
        }

        // The system reports a reset once. If the send got the report, the receive only saw an end.
        if (error == SocketError.Success && sending.Wait(ResetGrace) && sending.Result == SocketError.ConnectionReset)
            error = SocketError.ConnectionReset;
        Dispose();
        sending.Wait();
        return error;
    }

    private SocketError Receive(byte[] reply, int count, long due, ref int received)
    {
        while (true)
        {
            var part = _transport.Receive(reply, received, count - received, due, out var error);
            received += part;
            if (part == 0 || received == count)
                return error;
        }
    }
}
