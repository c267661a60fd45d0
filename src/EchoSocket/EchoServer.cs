using System;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Serving;
using EchoSocket.Transport;

namespace EchoSocket;

/// <summary>
/// A TCP echo server. It listens from the moment it exists until it is stopped, and serves on the calling thread: one
/// client with blocking calls, or many with an event loop.
/// </summary>
public sealed class EchoServer : IDisposable
{
    private readonly object _gate = new();
    private readonly Socket _listener;
    private readonly EchoServerOptions _options;
    private readonly ServerCounters _counters = new();
    private readonly ManualResetEventSlim _served = new(initialState: true);
    private BlockingTransport? _current;
    private Thread? _serving; // what _current belongs to
    private EventLoop? _loop;
    private volatile bool _stopped;

    private EchoServer(Socket listener, EchoServerOptions options)
    {
        _listener = listener;
        _options = options;
        LocalEndPoint = EndPoints.Unmap(listener.LocalEndPoint!);
    }

    /// <summary>The endpoint it listens on, with the port that the operating system chose where 0 was asked for.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Clients being served now.</summary>
    public int ActiveConnections => _counters.Active;

    /// <summary>Clients accepted so far.</summary>
    public long TotalConnections => _counters.Total;

    /// <summary>Bytes read from all clients so far.</summary>
    public long BytesReceived => _counters.BytesReceived;

    /// <summary>Bytes handed to the operating system for all clients so far.</summary>
    public long BytesSent => _counters.BytesSent;

    /// <summary>Binds and listens.</summary>
    /// <exception cref="EchoException">
    /// <see cref="EchoError.AddressInUse"/>, <see cref="EchoError.AddressNotAvailable"/>,
    /// <see cref="EchoError.AccessDenied"/> or <see cref="EchoError.SocketFailure"/>.
    /// </exception>
    public static EchoServer Listen(EchoServerOptions options)
    {
        if (options is null)
            throw new ArgumentNullException(nameof(options));

        var endPoint = new IPEndPoint(EndPoints.Unmap(options.Address), options.Port);
        Socket? listener = null;
        try
        {
            listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);

            // Without it another process could take the port over on Windows. On Unix .NET sets SO_REUSEADDR when it
            // binds, so that a port is free again at once; ReuseAddress would let two servers share it.
            if (Environment.OSVersion.Platform == PlatformID.Win32NT)
                listener.ExclusiveAddressUse = true;
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
                listener.DualMode = true;

            listener.NoDelay = true;
            listener.Bind(endPoint);
            listener.Listen(options.Backlog);
            return new EchoServer(listener, options);
        }
        catch (SocketException e)
        {
            listener?.Dispose();
            throw Errors.Bind(endPoint.ToString(), e);
        }
    }

    /// <summary>
    /// Waits for one client, serves it until its connection ends, and tells how it ended. Returns null if the server
    /// was stopped before a client came.
    /// </summary>
    /// <exception cref="EchoException"><see cref="EchoError.SocketFailure"/>: no client could be accepted.</exception>
    public EchoConnection? ServeOne(IEchoObserver? observer = null)
    {
        var socket = Accept();
        if (socket is null)
            return null;

        using var transport = new BlockingTransport(socket);
        BlockingTransport.SendAtOnce(socket);
        if (!TryBegin(transport))
            return null;

        EchoConnection connection;
        IPEndPoint remote;
        try
        {
            var echo = new BlockingEcho(socket, transport, _options, _counters, observer, () => _stopped);
            connection = echo.Run();
            remote = echo.Remote;
        }
        finally
        {
            transport.Dispose(); // before Stop, which may wait for it, and before the observer, which may stop
            End();
        }

        observer?.Ended(remote, connection);
        return connection;
    }

    /// <summary>
    /// Serves many clients at once, until <see cref="Stop"/>, or until as many as
    /// <see cref="EchoServerOptions.ConnectionCount"/> says have come and gone.
    /// </summary>
    /// <exception cref="EchoException"><see cref="EchoError.SocketFailure"/>: no client can be accepted any more.</exception>
    public void ServeMany(IEchoObserver? observer = null)
    {
        try
        {
            using var poller = _options.Poller();
            using var loop = new EventLoop(_listener, LocalEndPoint, _options, _counters, poller, observer);
            Run(loop);
        }
        catch (Win32Exception e)
        {
            throw Errors.Accept(LocalEndPoint.ToString(), e as SocketException ?? new SocketException(e.NativeErrorCode));
        }
    }

    /// <summary>
    /// From any thread: ends <see cref="ServeOne"/> or <see cref="ServeMany"/> in order. No more clients are accepted, what
    /// had come is answered, and every connection ends with a FIN. For a client that is slow to read its last replies, or
    /// that goes on sending, <see cref="ServeMany"/> waits half a second and then cuts it off; <see cref="ServeOne"/> cuts
    /// it off when there is nothing to answer for a moment, or after half a second. Does nothing when called again.
    /// </summary>
    public void Stop()
    {
        BlockingTransport? current;
        lock (_gate)
        {
            _stopped = true;
            current = _current;
            if (_loop is { } loop)
                loop.Stop(); // which closes the listener itself
            else
                _listener.Dispose();
        }

        if (current is null)
            return;

        current.EndReceiving();
        if (_serving == Thread.CurrentThread)
            return; // an observer's call: it can't be waited for here

        if (_served.Wait(_options.StopGrace))
            return;

        current.Shutdown();
        if (!_served.Wait(_options.StopGrace))
            current.Dispose();
    }

    /// <summary>Stops the server.</summary>
    public void Dispose() => Stop();

    private Socket? Accept()
    {
        while (true)
        {
            try
            {
                return _listener.Accept();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException && _stopped)
            {
                return null;
            }
            catch (SocketException e) when (SocketErrors.IsReset(e.SocketErrorCode))
            {
                // This client left before it was accepted; the next one counts.
            }
            catch (SocketException e)
            {
                throw Errors.Accept(LocalEndPoint.ToString(), e);
            }
        }
    }

    private void Run(EventLoop loop)
    {
        lock (_gate)
        {
            if (_stopped)
                return;
            _loop = loop;
        }

        try
        {
            loop.Run();
        }
        finally
        {
            lock (_gate)
                _loop = null;
        }
    }

    private bool TryBegin(BlockingTransport transport)
    {
        lock (_gate)
        {
            if (_stopped)
                return false;
            (_current, _serving) = (transport, Thread.CurrentThread);
            _counters.Accepted();
            _served.Reset();
            return true;
        }
    }

    private void End()
    {
        lock (_gate)
            _current = null;
        _counters.Ended();
        _served.Set();
    }
}
