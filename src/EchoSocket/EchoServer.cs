using System;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Serving;

namespace EchoSocket;

/// <summary>
/// A TCP echo server. It listens from the moment it exists until it is stopped, and serves on the thread that calls
/// <see cref="ServeOne"/> or <see cref="ServeMany"/>. Everything else may be called from any thread.
/// </summary>
public sealed class EchoServer : IDisposable
{
    private readonly object _gate = new(); // guards _listener's disposal, _loop and _stopped
    private readonly Socket _listener;
    private readonly EchoServerOptions _options;
    private readonly ServerCounters _counters = new();
    private EventLoop? _loop;
    private bool _stopped;

    private EchoServer(Socket listener, EchoServerOptions options)
    {
        _listener = listener;
        _options = options.Copy();
        LocalEndPoint = EndPoints.Unmap(listener.LocalEndPoint!);
    }

    /// <summary>The endpoint it listens on, with the port that the operating system chose if port 0 was requested.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Clients being served now. A client counts until the observer knows how its connection ended.</summary>
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

            // On Windows another process could otherwise take the port over. On Unix .NET sets SO_REUSEADDR by itself when it
            // binds, so a port is free again at once; ReuseAddress = true would let two servers share it.
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
    /// Waits for one client, serves it until its connection ends, and returns how it ended. Further clients are refused.
    /// Returns null if the server was stopped before a client connected.
    /// </summary>
    /// <exception cref="EchoException"><see cref="EchoError.SocketFailure"/>: no client could be accepted.</exception>
    /// <exception cref="InvalidOperationException">The server serves already, or has served. It serves once.</exception>
    public ConnectionResult? ServeOne(IEchoObserver? observer = null)
    {
        var first = new FirstConnection(observer);
        Serve(new AcceptLimits(atOnce: 1, total: 1), first);
        return first.Result;
    }

    /// <summary>
    /// Serves many clients at once, until <see cref="Stop"/> is called or the last of
    /// <see cref="EchoServerOptions.ConnectionCount"/> clients has disconnected.
    /// </summary>
    /// <exception cref="EchoException"><see cref="EchoError.SocketFailure"/>: no client can be accepted any more.</exception>
    /// <exception cref="InvalidOperationException">The server serves already, or has served. It serves once.</exception>
    public void ServeMany(IEchoObserver? observer = null) =>
        Serve(new AcceptLimits(_options.MaxConnections, _options.ConnectionCount ?? long.MaxValue), observer);

    /// <summary>
    /// Ends <see cref="ServeOne"/> or <see cref="ServeMany"/> gracefully, and does not wait for that. No more clients are
    /// accepted. Each client gets the replies to all that it has sent and that arrives before 50 ms pass without a byte (250 ms at
    /// most), and then FIN. A client that has not read its replies after half a second, or that keeps sending, is disconnected with
    /// RST; <see cref="ConnectionResult.Detail"/> says what it did not get. Does nothing when called again.
    /// </summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            if (_loop is null)
                _listener.Dispose();
            else
                _loop.Stop(); // it closes the listener itself
        }
    }

    /// <summary>Stops the server.</summary>
    public void Dispose() => Stop();

    private void Serve(AcceptLimits limits, IEchoObserver? observer)
    {
        try
        {
            using var loop = Begin(limits, observer);
            loop?.Run();
        }
        catch (Win32Exception e)
        {
            throw Errors.Accept(LocalEndPoint.ToString(), e as SocketException ?? new SocketException(e.NativeErrorCode));
        }
    }

    // Returns null if the server is stopped already.
    private EventLoop? Begin(AcceptLimits limits, IEchoObserver? observer)
    {
        lock (_gate)
        {
            if (_stopped)
                return null;
            if (_loop is not null)
                throw new InvalidOperationException($"The server on {LocalEndPoint} serves already, or has served. Call Listen for another one.");

            return _loop = new EventLoop(_listener, _options, limits, _counters, observer);
        }
    }
}
