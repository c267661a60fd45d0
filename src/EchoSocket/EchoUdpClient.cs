using System;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket;

/// <summary>
/// Exchanges messages with an echo server over UDP, one at a time. For one thread at a time; the token given to <see cref="Open"/>
/// may be cancelled from any thread.
/// </summary>
/// <remarks>
/// Each message goes from a socket, and so from a port, of its own. A late or duplicate reply to an earlier message therefore does
/// not reach the next one. The content is checked as well.
/// </remarks>
public sealed class EchoUdpClient : IDisposable
{
    private const string AnyReplyHint = " The option AnyReply takes the replies of other servers, if they have the size of the message.";

    private readonly EchoClientOptions _options;
    private readonly DatagramSockets _sockets;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenRegistration _registration;
    private readonly DatagramReceiver _receiver;
    private readonly AdaptiveSpin _spin = new(pollCosts: true);
    private readonly Func<bool> _isReadable;
    private bool _hasReplied;
    private bool _isDisposed;

    private EchoUdpClient(EchoClientOptions options, IPAddress[] addresses, string endPoint, CancellationToken cancellation)
    {
        EndPoint = endPoint;
        _options = options;
        _sockets = new DatagramSockets([.. addresses.Select(address => new IPEndPoint(address, options.Port))], options.PrepareDatagrams, cancellation);
        _cancellation = cancellation;
        _receiver = new DatagramReceiver(options.AnyReply, cancellation);
        _isReadable = () => IsReadable(_sockets.Current!);
        _registration = cancellation.Register(_sockets.Close);
    }

    /// <summary>The endpoint as the caller wrote it, <c>host:port</c>.</summary>
    public string EndPoint { get; }

    /// <summary>This end of the last message, or of the first before it is sent, as <c>address:port</c>. Each message has another port.</summary>
    public string LocalEndPoint => $"{_sockets.Local}";

    /// <summary>The server's end, as <c>address:port</c>.</summary>
    public string RemoteEndPoint => Remote.ToString();

    /// <summary>The largest message that fits a datagram: 65,507 bytes over IPv4, 65,527 over IPv6.</summary>
    public int MaxMessageSize => Datagrams.MaxSize(Remote.AddressFamily);

    /// <summary>
    /// What may be wrong with the last message although it was sent: it was larger than the path MTU. The sentence says the number and
    /// where it comes from. Null if there is nothing, or if the system does not tell the MTU.
    /// </summary>
    public string? Warning { get; private set; }

    private IPEndPoint Remote => _sockets.Remote;

    /// <summary>
    /// Resolves the name, and opens a socket to the first of its addresses that this computer has a route to. Nothing is sent. The
    /// options <see cref="EchoClientOptions.Tls"/> and <see cref="EchoClientOptions.KeepAliveTime"/> are for TCP only. Do not change
    /// the options while the client is in use.
    /// </summary>
    /// <exception cref="ArgumentException">An option is for TCP only.</exception>
    /// <exception cref="EchoException">
    /// <see cref="EchoError.HostNotFound"/>, <see cref="EchoError.HostUnreachable"/>, <see cref="EchoError.ConnectionTimeout"/> (the
    /// name could not be resolved in time), <see cref="EchoError.AddressNotAvailable"/>, <see cref="EchoError.AccessDenied"/> or
    /// <see cref="EchoError.SocketFailure"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static EchoUdpClient Open(EchoClientOptions options, CancellationToken cancellation = default)
    {
        Check(options);
        cancellation.ThrowIfCancellationRequested();
        var deadline = Stopwatch.GetTimestamp() + Clock.Ticks(options.ConnectionTimeout);
        var addresses = Connector.FindAddresses(options, deadline, cancellation);
        var client = new EchoUdpClient(options, addresses, Connector.Display(options.Host, options.Port), cancellation);
        try
        {
            client.OpenSocket();
            client._sockets.KeepForNext();
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Sends the first <paramref name="count"/> bytes of <paramref name="message"/> as a datagram, and waits for its reply: as many
    /// bytes, the message itself or the message with ASCII letters in upper case, or, with <see cref="EchoClientOptions.AnyReply"/>,
    /// any bytes. Returns the round-trip time, from the start of the send. After a failure the client can send the next message.
    /// </summary>
    /// <remarks>
    /// A datagram from the server that is no echo of the message is ignored, because it may be a late reply to another program that
    /// had the port before. But if no echo follows within a second (or within what is left of the time), the message has failed with
    /// <see cref="EchoError.ReplyMismatch"/>. Datagrams from elsewhere are never seen.
    /// <para>
    /// Until the server has replied once, a message that is refused, or finds no route, is sent to the next address of the name.
    /// </para>
    /// </remarks>
    /// <param name="message">The message. It must not change during the call.</param>
    /// <param name="count">How many bytes of it to send, 1 or more.</param>
    /// <param name="reply">A buffer for the reply. It changes only if the reply comes.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The message is empty, which over UDP is a legal datagram, but is refused as over TCP; or it is longer than a buffer.
    /// </exception>
    /// <exception cref="EchoException">
    /// <see cref="EchoError.OperationTimeout"/> (the message or its reply is lost), <see cref="EchoError.ConnectionRefused"/> (ICMP
    /// port unreachable), <see cref="EchoError.HostUnreachable"/>, <see cref="EchoError.ReplyMismatch"/>,
    /// <see cref="EchoError.MessageTooLarge"/> (nothing was sent), <see cref="EchoError.AddressNotAvailable"/>,
    /// <see cref="EchoError.AccessDenied"/> or <see cref="EchoError.SocketFailure"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The client's token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The client is closed.</exception>
    public TimeSpan Exchange(byte[] message, int count, byte[] reply)
    {
        if (message is null)
            throw new ArgumentNullException(nameof(message));
        if (reply is null)
            throw new ArgumentNullException(nameof(reply));
        if (count < 1)
            throw new ArgumentOutOfRangeException(nameof(count), count, "A message is one byte or more.");
        if (_isDisposed)
            throw new ObjectDisposedException(nameof(EchoUdpClient));
        if (count <= MaxMessageSize && (count > message.Length || count > reply.Length))
            throw new ArgumentOutOfRangeException(nameof(count), count, "The message and its reply must fit their buffers.");

        Warning = null;
        var due = Stopwatch.GetTimestamp() + Clock.Ticks(_options.OperationTimeout);
        while (true)
        {
            if (count > MaxMessageSize)
                throw DatagramErrors.TooLarge(EndPoint, count, Remote.AddressFamily);

            var error = Exchange(OpenSocket(), message, count, reply, due, out var time);
            if (error == SocketError.Success)
            {
                _hasReplied = true;
                return time;
            }

            _cancellation.ThrowIfCancellationRequested();
            if (_receiver.Wrong.Length > 0)
                throw DatagramErrors.Mismatch(EndPoint, _receiver.Wrong, AnyReplyHint);
            if (!TryNextAddress(error))
                throw DatagramErrors.Exchange(EndPoint, Remote, count, error, _options.OperationTimeout, _options.SourceAddress);
        }
    }

    /// <summary>Closes the socket of the last message.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _registration.Dispose();
        _sockets.Close();
    }

    /// <summary>Refuses options that are for TCP only.</summary>
    internal static void Check(EchoClientOptions options)
    {
        if (options is null)
            throw new ArgumentNullException(nameof(options));
        if (options.Tls is not null || options.KeepAliveTime is not null)
            throw new ArgumentException("TLS and keep-alive are for TCP only.", nameof(options));
    }

    private SocketError Exchange(Socket socket, byte[] message, int count, byte[] reply, long due, out TimeSpan time)
    {
        var mtu = FindMtu(socket, count);
        while (true)
        {
            _receiver.Begin();
            var start = Stopwatch.GetTimestamp();
            var error = Send(socket, message, count);
            if (error == SocketError.Success)
            {
                _spin.TrySpin(_isReadable);
                error = _receiver.Receive(socket, message, count, reply, due);
            }

            time = Clock.Since(start);

            // A router told that the datagram is too large for the next link, and dropped it. Now that the system knows the MTU, it
            // sends fragments. There may be several such routers.
            if (error != SocketError.MessageSize || mtu is null || FindMtu(socket, count) is not { } smaller || smaller.Bytes >= mtu.Bytes)
                return error;
            mtu = smaller;
        }
    }

    // Sets the warning.
    private PathMtu? FindMtu(Socket socket, int count)
    {
        if (count <= PathMtu.AlwaysFits || PathMtu.Of(socket) is not { } mtu)
            return null;

        if (count + Datagrams.HeaderSize(socket.AddressFamily) > mtu.Bytes)
            Warning = DatagramErrors.Fragmented(EndPoint, count, socket.AddressFamily, mtu);
        return mtu;
    }

    private static SocketError Send(Socket socket, byte[] message, int count)
    {
        try
        {
            socket.Send(message, 0, count, SocketFlags.None, out var error);
            return error;
        }
        catch (ObjectDisposedException)
        {
            return SocketError.OperationAborted;
        }
    }

    private static bool IsReadable(Socket socket)
    {
        try
        {
            return socket.Poll(0, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true; // the receive reports why
        }
    }

    private bool TryNextAddress(SocketError error)
    {
        var isDefinite = error is SocketError.ConnectionRefused or SocketError.ConnectionReset || SocketErrors.IsUnreachable(error);
        return !_hasReplied && isDefinite && _sockets.TryNextAddress();
    }

    // Opens a socket to the current address, or to the first after it that there is a route to.
    private Socket OpenSocket()
    {
        while (true)
        {
            try
            {
                return _sockets.Next();
            }
            catch (SocketException e)
            {
                if (TryNextAddress(e.SocketErrorCode))
                    continue;
                throw Remote.Address is { IsIPv6LinkLocal: true, ScopeId: 0 }
                    ? Errors.NoInterface(EndPoint, Remote.Address, e)
                    : Errors.Connect(EndPoint, "", e, _options.ConnectionTimeout, _options.SourceAddress, _options.SourcePort);
            }
        }
    }
}
