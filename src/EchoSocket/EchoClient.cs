using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket;

/// <summary>
/// One connection to an echo server. Not for use by several threads at once; only the token given to
/// <see cref="Connect"/> may be cancelled from anywhere.
/// </summary>
public sealed class EchoClient : IDisposable
{
    // A reset wakes the send and the receive together; this is for the other thread to say so.
    private static readonly TimeSpan ResetGrace = TimeSpan.FromMilliseconds(50);

    private readonly BlockingTransport _transport;
    private readonly AdaptiveSpin _spin = new(lookCosts: true);
    private readonly Func<bool> _isReadable;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenRegistration _registration;
    private readonly int _timeout;
    private readonly int _fitsReceiveBuffer;
    private int _receiveTimeout;
    private bool _disposed;

    private EchoClient(Socket socket, IPEndPoint remote, string endPoint, TimeSpan operationTimeout, CancellationToken cancellation)
    {
        _transport = new BlockingTransport(socket);
        _isReadable = _transport.IsReadable;
        _timeout = (int)Math.Ceiling(operationTimeout.TotalMilliseconds);
        _receiveTimeout = _timeout;
        socket.ReceiveTimeout = _timeout;
        socket.SendTimeout = _timeout;

        // Linux keeps part of the buffer for its own accounts (tcp(7), tcp_adv_win_scale), hence a quarter.
        _fitsReceiveBuffer = socket.ReceiveBufferSize / 4;

        EndPoint = endPoint;
        LocalEndPoint = socket.LocalEndPoint!.ToString()!;
        RemoteEndPoint = remote.ToString();
        _cancellation = cancellation;
        _registration = cancellation.Register(_transport.Shutdown);
    }

    /// <summary>The endpoint as it was asked for, <c>host:port</c>.</summary>
    public string EndPoint { get; }

    /// <summary>This end, as <c>address:port</c>.</summary>
    public string LocalEndPoint { get; }

    /// <summary>The server's end, as <c>address:port</c>.</summary>
    public string RemoteEndPoint { get; }

    /// <summary>
    /// Opens a connection. Cancelling <paramref name="cancellation"/> ends the attempt; later it ends an exchange
    /// that waits, and the connection in order.
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
        var connection = Connector.Connect(options.Host, options.Port, options.ConnectionTimeout, cancellation);
        try
        {
            return new EchoClient(connection.Socket!, connection.Remote!, endPoint, options.OperationTimeout, cancellation);
        }
        catch (SocketException e)
        {
            // The server reset the connection before its options could be set.
            connection.Socket!.Dispose();
            throw Errors.Connect(endPoint, "", e);
        }
    }

    /// <summary>
    /// Sends the first <paramref name="count"/> bytes of <paramref name="message"/> and reads as many into
    /// <paramref name="reply"/>. Returns the round-trip time: from the start of the send to the last byte of the
    /// reply. After a failure the connection is closed, since what still comes could not be told from a later reply.
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
        if (_disposed)
            throw new ObjectDisposedException(nameof(EchoClient));

        var start = Stopwatch.GetTimestamp();
        var received = 0;
        var error = count <= _fitsReceiveBuffer
            ? SendThenReceive(message, count, reply, start, ref received)
            : SendWhileReceiving(message, count, reply, start, ref received);
        if (error == SocketError.Success && received == count)
            return Clock.Since(start);

        Dispose();
        _cancellation.ThrowIfCancellationRequested();
        throw Errors.Exchange(EndPoint, received, count, error, TimeSpan.FromMilliseconds(_timeout));
    }

    /// <summary>Closes the connection in order.</summary>
    public void Dispose()
    {
        _disposed = true;
        _registration.Dispose();
        _transport.Dispose();
    }

    // A reply that fits our receive buffer never makes the server wait for us, so it reads all we send.
    private SocketError SendThenReceive(byte[] message, int count, byte[] reply, long start, ref int received)
    {
        _transport.Send(message, 0, count, out var error);
        if (error != SocketError.Success)
            return error;

        _spin.Find(_isReadable);
        return Receive(reply, count, start, ref received);
    }

    // A longer one could fill both ways' buffers, and each side would wait for the other to read.
    private SocketError SendWhileReceiving(byte[] message, int count, byte[] reply, long start, ref int received)
    {
        var sending = Task.Factory.StartNew(
            () =>
            {
                _transport.Send(message, 0, count, out var failure);
                return failure;
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var error = Receive(reply, count, start, ref received);
        if (received == count)
        {
            // A peer that is no echo may have answered before it heard us out; the next message must not cut in.
            error = sending.Wait(Left(start)) ? sending.Result : SocketError.TimedOut;
            if (error == SocketError.Success)
                return error;
        }

        // The system tells of a reset once: where the send heard of it, the receive only saw an end.
        if (error == SocketError.Success && sending.Wait(ResetGrace) && sending.Result == SocketError.ConnectionReset)
            error = SocketError.ConnectionReset;
        Dispose();
        sending.Wait();
        return error;
    }

    private SocketError Receive(byte[] reply, int count, long start, ref int received)
    {
        while (true)
        {
            var left = Left(start);
            if (left == 0)
                return SocketError.TimedOut;

            // A socket's own limit is for one call. It is set anew where what is left of the whole limit is less by more
            // than a hundredth, and not for every message.
            if (left < _receiveTimeout - (_timeout / 100) || left > _receiveTimeout)
                SetReceiveTimeout(left);

            var part = _transport.Receive(reply, received, count - received, out var error);
            received += part;
            if (part == 0 || received == count)
                return error;
        }
    }

    private void SetReceiveTimeout(int milliseconds)
    {
        _receiveTimeout = milliseconds;
        _transport.LimitReceive(milliseconds);
    }

    private int Left(long start) => Math.Max(0, _timeout - (int)Clock.Since(start).TotalMilliseconds);
}
