using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Serving;

namespace EchoSocket;

/// <summary>
/// A UDP echo server (RFC 862). It receives from the moment it exists until it is stopped, and answers on the thread that calls
/// <see cref="Serve"/>. Everything else may be called from any thread.
/// </summary>
/// <remarks>
/// A reply is as large as its message, and leaves from the address that the message was sent to. <see cref="EchoUdpRefusal"/> says which
/// messages are not answered, so that nobody can use the server to send replies in circles or to somebody else.
/// </remarks>
public sealed class EchoUdpServer : IDisposable
{
    private readonly object _gate = new(); // guards the sockets' disposal, _loop and _stopped
    private readonly EchoUdpServerOptions _options;
    private readonly DatagramCounters _counters = new();
    private readonly PeerTable _peers;
    private DatagramLoop? _loop;
    private bool _stopped;

    private EchoUdpServer(Socket[] sockets, EchoUdpServerOptions options)
    {
        Sockets = sockets;
        _options = options.Copy();
        _peers = new PeerTable(options.MaxPeers);
        LocalEndPoints = [.. sockets.Select(s => EndPoints.Unmap(s.LocalEndPoint!))];
    }

    /// <summary>
    /// The endpoints it receives on, with the port that the operating system chose if port 0 was requested. Only on Linux can a socket
    /// for all addresses choose which of them a reply leaves from; elsewhere there is one for each address that the computer has when
    /// the server starts.
    /// </summary>
    public IReadOnlyList<IPEndPoint> LocalEndPoints { get; }

    /// <summary>The first of <see cref="LocalEndPoints"/>.</summary>
    public IPEndPoint LocalEndPoint => LocalEndPoints[0];

    /// <summary>Messages received so far, without those that were refused.</summary>
    public long MessagesReceived => _counters.Received;

    /// <summary>Replies handed to the operating system so far.</summary>
    public long MessagesSent => _counters.Sent;

    /// <summary>Bytes of the messages received so far.</summary>
    public long BytesReceived => _counters.BytesReceived;

    /// <summary>Bytes of the replies so far.</summary>
    public long BytesSent => _counters.BytesSent;

    /// <summary>Messages that were not answered so far; <see cref="EchoUdpRefusal"/> says why.</summary>
    public long RefusedMessages => _counters.Refused;

    /// <summary>Replies so far that the operating system did not send.</summary>
    public long UnsentReplies => _counters.Unanswered;

    /// <summary>Peers forgotten so far, because <see cref="EchoUdpServerOptions.MaxPeers"/> others came later.</summary>
    public long ForgottenPeers => _peers.Forgotten;

    /// <summary>Whose messages were answered, the latest first.</summary>
    public IReadOnlyList<EchoUdpPeer> Peers => _peers.Snapshot();

    /// <summary>The sockets, for tests.</summary>
    internal Socket[] Sockets { get; }

    /// <summary>Resolves the names among the addresses, and binds. The token ends waiting for a name.</summary>
    /// <exception cref="EchoException">
    /// <see cref="EchoError.AddressInUse"/>, <see cref="EchoError.AddressNotAvailable"/>,
    /// <see cref="EchoError.AccessDenied"/>, <see cref="EchoError.HostNotFound"/> or <see cref="EchoError.SocketFailure"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static EchoUdpServer Listen(EchoUdpServerOptions options, CancellationToken cancellation = default)
    {
        if (options is null)
            throw new ArgumentNullException(nameof(options));

        var sockets = DatagramListeners.Open(options.Resolve(cancellation), options.Port, options.ChooseSource);
        Array.ForEach(sockets, socket => Dscp.Apply(socket, options.DscpValue));
        return new EchoUdpServer(sockets, options);
    }

    /// <summary>
    /// Answers messages until <see cref="Stop"/> is called, or <see cref="EchoUdpServerOptions.MessageCount"/> of them are answered.
    /// </summary>
    /// <exception cref="EchoException"><see cref="EchoError.SocketFailure"/>: no message can be received any more.</exception>
    /// <exception cref="InvalidOperationException">The server serves already, or has served. It serves once.</exception>
    public void Serve(IEchoUdpObserver? observer = null)
    {
        try
        {
            using var loop = Begin(observer);
            loop?.Run();
        }
        catch (Win32Exception e)
        {
            throw Errors.Receive(string.Join(", ", LocalEndPoints), e as SocketException ?? new SocketException(e.NativeErrorCode));
        }
    }

    /// <summary>
    /// Ends <see cref="Serve"/>, and does not wait for that. Messages that have come by then are answered, for a tenth of a second at
    /// most. Does nothing when called again.
    /// </summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            if (_loop is null)
                Array.ForEach(Sockets, s => s.Dispose());
            else
                _loop.Stop(); // it closes the sockets itself
        }
    }

    /// <summary>Stops the server.</summary>
    public void Dispose() => Stop();

    // Returns null if the server is stopped already.
    private DatagramLoop? Begin(IEchoUdpObserver? observer)
    {
        lock (_gate)
        {
            if (_stopped)
                return null;
            if (_loop is not null)
                throw new InvalidOperationException($"The server on {LocalEndPoint} serves already, or has served. Call Listen for another one.");

            var sockets = Sockets.Select(socket => _options.Wrap(DatagramListeners.Wrap(socket, _options.ChooseSource, _options.BufferSize)));
            var access = new DatagramAccess(LocalEndPoints, _options.AllowFrom, _options.AllowPrivilegedPort);
            return _loop = new DatagramLoop([.. sockets], access, _options, _peers, _counters, observer);
        }
    }
}
