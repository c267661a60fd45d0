using System;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading;
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
    private const string AnyReplyHint = " The option AnyReply takes the replies of other servers.";

    private readonly BlockingTransport _transport;
    private readonly ReplyReceiver _replies;
    private readonly MessageExchange _exchange;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenRegistration _registration;
    private readonly TimeSpan _timeout;
    private readonly int _fitsReceiveBuffer;
    private EchoPipeline? _pipeline;

    private EchoClient(
        ConnectedSocket connection, BlockingTransport transport, string endPoint, EchoClientOptions options, CancellationToken cancellation)
    {
        _transport = transport;
        _replies = new ReplyReceiver(_transport, options.AnyReply, options.CloseGrace);
        _timeout = options.OperationTimeout;
        connection.Socket.SendTimeout = (int)Math.Ceiling(_timeout.TotalMilliseconds);

        // Linux uses part of the buffer for its own bookkeeping (tcp(7), tcp_adv_win_scale), hence a quarter.
        _fitsReceiveBuffer = connection.Socket.ReceiveBufferSize / 4;
        var spin = new AdaptiveSpin(pollCosts: true);
        Func<bool> isReadable = () => _transport.IsReadable();
        _exchange = new MessageExchange(_transport, _replies, _fitsReceiveBuffer, () => spin.TrySpin(isReadable), cancellation);

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

    /// <summary>What the TLS handshake has agreed on, and the server's certificate; null without TLS.</summary>
    public TlsDetails? Tls { get; private set; }

    /// <summary>The messages sent so far, with one that is being sent.</summary>
    internal long Messages { get; set; }

    /// <summary>
    /// Opens a connection. Cancelling <paramref name="cancellation"/> ends the attempt; after that it ends a running exchange
    /// and closes the connection with FIN, or with RST if more bytes are outstanding than a quarter of the socket's receive
    /// buffer.
    /// </summary>
    /// <exception cref="EchoException">
    /// <see cref="EchoError.ConnectionRefused"/>, <see cref="EchoError.HostNotFound"/>,
    /// <see cref="EchoError.HostUnreachable"/>, <see cref="EchoError.ConnectionTimeout"/>,
    /// <see cref="EchoError.AccessDenied"/>, <see cref="EchoError.AuthenticationFailed"/> or
    /// <see cref="EchoError.SocketFailure"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static EchoClient Connect(EchoClientOptions options, CancellationToken cancellation = default)
    {
        if (options is null)
            throw new ArgumentNullException(nameof(options));

        var due = Stopwatch.GetTimestamp() + Clock.Ticks(options.ConnectionTimeout);
        var endPoint = Connector.Display(options.Host, options.Port);
        var connection = Connector.Connect(options, cancellation);
        try
        {
            var secure = options.Tls is { } tls ? new BlockingTlsTransport(connection.Socket, tls.ToSide(options.Host, due, cancellation)) : null;
            var client = new EchoClient(
                connection, secure ?? new BlockingTransport(connection.Socket), endPoint, options, cancellation);
            if (secure is not null)
                client.Authenticate(secure, due, options.ConnectionTimeout);
            return client;
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
    /// <paramref name="reply"/>. The reply must be the message, or the message with ASCII letters in upper case, and the same for
    /// all messages, unless <see cref="EchoClientOptions.AnyReply"/> is set. Returns the round-trip time: from the start of the
    /// send to the last byte of the reply. A failure closes the connection, because a late reply could not be told from the
    /// reply to a later message.
    /// </summary>
    /// <param name="message">The message. It must not change during the call.</param>
    /// <param name="count">How many bytes of it to send, 1 or more.</param>
    /// <param name="reply">
    /// Another buffer, for the reply. If it is longer than the reply, bytes that come beyond the reply are noticed at once (and
    /// the byte after the reply may be overwritten), otherwise by the next message or by <see cref="Close"/>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The message is empty (nothing would be sent, so no reply would come), or longer than a buffer.
    /// </exception>
    /// <exception cref="ArgumentException">Both buffers are the same.</exception>
    /// <exception cref="EchoException">
    /// <see cref="EchoError.ReplyMismatch"/>, <see cref="EchoError.OperationTimeout"/>,
    /// <see cref="EchoError.ConnectionClosedEarly"/>, <see cref="EchoError.ConnectionReset"/>,
    /// <see cref="EchoError.AuthenticationFailed"/> or <see cref="EchoError.SocketFailure"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The connection's token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The connection is closed.</exception>
    /// <exception cref="InvalidOperationException">Replies to messages of a pipeline are outstanding.</exception>
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
        if (message == reply)
            throw new ArgumentException("The reply needs a buffer of its own: it is compared with the message.", nameof(reply));
        if (_transport.IsDisposed)
            throw new ObjectDisposedException(nameof(EchoClient));
        if (_pipeline?.Outstanding > 0)
            throw new InvalidOperationException("Replies are outstanding.");

        var start = Stopwatch.GetTimestamp();
        var due = start + Clock.Ticks(_timeout);
        Messages++;
        var error = _exchange.Run(message, count, reply, due);
        if (error == SocketError.Success && _replies.Received == count && _replies.Wrong < 0)
            return Clock.Since(start);

        Dispose();
        throw Failure(_replies.Received, count, error, Messages);
    }

    /// <summary>
    /// Begins to keep up to <paramref name="inFlight"/> messages outstanding, 1 to <see cref="EchoPipeline.MaxInFlight"/>, until
    /// <see cref="StopPipeline"/>. <see cref="Exchange"/> can still be used while nothing is outstanding.
    /// </summary>
    /// <param name="inFlight">The most messages outstanding.</param>
    /// <param name="measure">
    /// Receives on another thread all the time, so that round-trip times are exact, whatever the caller does. That is slower.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of range.</exception>
    /// <exception cref="InvalidOperationException">The connection has a pipeline already.</exception>
    /// <exception cref="ObjectDisposedException">The connection is closed.</exception>
    public EchoPipeline StartPipeline(int inFlight, bool measure = false)
    {
        if (inFlight is < 1 or > EchoPipeline.MaxInFlight)
            throw new ArgumentOutOfRangeException(nameof(inFlight), inFlight, $"1 to {EchoPipeline.MaxInFlight} messages can be in flight.");
        if (_transport.IsDisposed)
            throw new ObjectDisposedException(nameof(EchoClient));
        if (_pipeline is not null)
            throw new InvalidOperationException("The connection has a pipeline already.");

        return _pipeline = new EchoPipeline(this, _transport, _replies, _timeout, inFlight, measure);
    }

    /// <summary>Ends the pipeline, if there is one, and frees what it needs. Call it while nothing is outstanding.</summary>
    public void StopPipeline()
    {
        _pipeline?.Stop();
        _pipeline = null;
    }

    /// <summary>
    /// Between two messages: checks that the connection is open and that the server has sent nothing since its last reply. Does
    /// not wait. A failure closes the connection.
    /// </summary>
    /// <exception cref="EchoException">
    /// <see cref="EchoError.ConnectionClosedEarly"/>, <see cref="EchoError.ConnectionReset"/>,
    /// <see cref="EchoError.ReplyMismatch"/> or <see cref="EchoError.SocketFailure"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The connection's token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The connection is closed.</exception>
    public void CheckIdle()
    {
        if (_transport.IsDisposed)
            throw new ObjectDisposedException(nameof(EchoClient));
        if (_replies.IsIdle(out var error))
            return;

        Dispose();
        _cancellation.ThrowIfCancellationRequested();
        throw _replies.Wrong < 0
            ? Errors.Idle(EndPoint, error, _transport.Problem)
            : Errors.Excess(EndPoint, Messages, _replies.Shown, AnyReplyHint);
    }

    /// <summary>
    /// Sends FIN, so that the server can close while the caller does something else. No message can follow; call
    /// <see cref="Close"/>.
    /// </summary>
    public void EndSending() => _replies.EndSending();

    /// <summary>
    /// Closes the connection with FIN. It waits up to a quarter of a second for the server's FIN, so that it notices bytes beyond
    /// the last reply; with <see cref="EchoClientOptions.AnyReply"/> it does not wait. Does nothing if the connection is closed.
    /// </summary>
    /// <exception cref="EchoException"><see cref="EchoError.ReplyMismatch"/>: the server sent more than its replies.</exception>
    public void Close()
    {
        if (_transport.IsDisposed)
            return;
        if (_pipeline?.Outstanding > 0)
            throw new InvalidOperationException("Replies are outstanding.");

        StopPipeline();
        var isRight = _replies.ReceiveEnd();
        Dispose();
        if (!isRight)
            throw Errors.Excess(EndPoint, Messages, _replies.Shown, AnyReplyHint);
    }

    /// <summary>
    /// Closes the connection at once: with FIN, or with RST if messages in flight have more bytes outstanding than a quarter of the
    /// socket's receive buffer.
    /// </summary>
    public void Dispose()
    {
        _registration.Dispose();
        if (_pipeline is not null)
        {
            var awaited = _pipeline.Awaited;
            _transport.Shutdown(); // ends what its threads wait for
            StopPipeline();
            if (awaited > _fitsReceiveBuffer)
                _transport.Abort(); // the server may be sending into a full window
        }

        _transport.Dispose();
    }

    /// <summary>What went wrong with a message; or the cancellation, thrown. Call it when the connection is closed.</summary>
    internal EchoException Failure(int received, int count, SocketError error, long message)
    {
        _cancellation.ThrowIfCancellationRequested();
        var before = message - 1; // each had a reply of a byte at least
        if (_replies.Wrong < 0)
            return Errors.Exchange(EndPoint, received, count, error, _timeout, _transport.Problem, TlsHint.AfterEnd(Tls is not null, before + received, error));
        if (_replies.Wrong == count)
            return Errors.Excess(EndPoint, message, _replies.Shown, AnyReplyHint);

        var alert = TlsHint.AfterReply(Tls is not null, before + _replies.Wrong, _replies.Shown);
        return Errors.Mismatch(EndPoint, _replies.Wrong, count, message, _replies.Shown, alert.Length > 0 ? alert : AnyReplyHint);
    }

    private void Authenticate(BlockingTlsTransport transport, long due, TimeSpan limit)
    {
        var error = transport.Handshake(due, out var details);
        Tls = details;
        if (error == SocketError.Success)
            return;

        Dispose();
        _cancellation.ThrowIfCancellationRequested();
        throw error == SocketError.TimedOut ? Errors.TlsTimeout(EndPoint, limit) : Errors.Tls(EndPoint, transport.Problem);
    }
}
