using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Serving;
using EchoSocket.Transport;

namespace EchoSocket;

/// <summary>
/// A TCP echo server. It listens from the moment it exists until it is stopped, and serves on the thread that calls
/// <see cref="ServeOne"/> or <see cref="ServeMany"/>, the latter also on others (<see cref="EchoServerOptions.ThreadCount"/>).
/// Everything else may be called from any thread.
/// </summary>
public sealed class EchoServer : IDisposable
{
    private readonly object _gate = new(); // guards the listeners' disposal, _loops, _faults and _stopped
    private readonly Socket[] _listeners;
    private readonly EchoServerOptions _options;
    private readonly ServerCounters _counters;
    private readonly TlsServer? _tls;
    private EchoFault[] _faults;
    private EventLoops? _loops;
    private bool _stopped;

    private EchoServer(Socket[] listeners, EchoServerOptions options)
    {
        _listeners = listeners;
        _options = options.Copy();
        _counters = new ServerCounters(_options.ThreadCount);
        _faults = Checked(_options.Faults);
        Seed = _options.Seed ?? new Random().Next();
        LocalEndPoints = [.. listeners.Select(l => EndPoints.Unmap(l.LocalEndPoint!))];
        if (_options.Tls is { } tls)
        {
            Certificate = tls.Certificate is { } given ? SelfSignedCertificate.Usable(given) : SelfSignedCertificate.Create([.. LocalEndPoints.SelectMany(e => Names(e.Address)).Distinct()]);
            _tls = tls.ToServer(Certificate);
        }
    }

    /// <summary>The endpoints it listens on, with the port that the operating system chose if port 0 was requested.</summary>
    public IReadOnlyList<IPEndPoint> LocalEndPoints { get; }

    /// <summary>The first of <see cref="LocalEndPoints"/>.</summary>
    public IPEndPoint LocalEndPoint => LocalEndPoints[0];

    /// <summary>The certificate that it shows; null without TLS.</summary>
    public X509Certificate2? Certificate { get; }

    /// <summary>
    /// How it misbehaves on purpose, at first <see cref="EchoServerOptions.Faults"/>. A change while it serves is for connections that are
    /// accepted from then on.
    /// </summary>
    /// <exception cref="ArgumentException">An element is null, or needs TLS, which the server does not use.</exception>
    public IReadOnlyList<EchoFault> Faults
    {
        get
        {
            lock (_gate)
                return Array.AsReadOnly(_faults);
        }

        set
        {
            var faults = Checked(new EchoServerOptions { Faults = value }.Faults);
            lock (_gate)
            {
                _faults = faults;
                _loops?.Use(faults);
            }
        }
    }

    /// <summary>What is random about the faults follows from this number: <see cref="EchoServerOptions.Seed"/>, or one chosen.</summary>
    public int Seed { get; }

    /// <summary>Clients being served now. A client counts until the observer knows how its connection ended.</summary>
    public int ActiveConnections => _counters.Active;

    /// <summary>Clients accepted so far, without those that were refused.</summary>
    public long TotalConnections => _counters.Total;

    /// <summary>Clients refused so far, because <see cref="EchoServiceOptions.AllowFrom"/> does not include them.</summary>
    public long RefusedConnections => _counters.Refused;

    /// <summary>Bytes read from all clients so far.</summary>
    public long BytesReceived => _counters.BytesReceived;

    /// <summary>Bytes handed to the operating system for all clients so far.</summary>
    public long BytesSent => _counters.BytesSent;

    /// <summary>Resolves the names among the addresses, binds and listens. The token ends waiting for a name.</summary>
    /// <exception cref="EchoException">
    /// <see cref="EchoError.AddressInUse"/>, <see cref="EchoError.AddressNotAvailable"/>,
    /// <see cref="EchoError.AccessDenied"/>, <see cref="EchoError.HostNotFound"/> or <see cref="EchoError.SocketFailure"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static EchoServer Listen(EchoServerOptions options, CancellationToken cancellation = default)
    {
        if (options is null)
            throw new ArgumentNullException(nameof(options));

        var listeners = Listeners.Open(options.Resolve(cancellation), options.Port, options.Backlog);
        try
        {
            Array.ForEach(listeners, listener => Dscp.Apply(listener, options.DscpValue));
            if (options.KeepAliveTime is { } time)
                Array.ForEach(listeners, listener => KeepAlive.ApplyToListener(listener, time));
            return new EchoServer(listeners, options);
        }
        catch
        {
            Array.ForEach(listeners, listener => listener.Dispose()); // no certificate
            throw;
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
        Serve(new AcceptLimits(atOnce: 1, total: 1), threads: 1, first);
        return first.Result;
    }

    /// <summary>
    /// Serves many clients at once, until <see cref="Stop"/> is called or the last of
    /// <see cref="EchoServerOptions.ConnectionCount"/> clients has disconnected. Of its
    /// <see cref="EchoServerOptions.ThreadCount"/> threads, the calling one accepts.
    /// </summary>
    /// <exception cref="EchoException"><see cref="EchoError.SocketFailure"/>: no client can be accepted any more.</exception>
    /// <exception cref="InvalidOperationException">The server serves already, or has served. It serves once.</exception>
    public void ServeMany(IEchoObserver? observer = null) =>
        Serve(new AcceptLimits(_options.MaxConnections, _options.ConnectionCount ?? long.MaxValue), _options.ThreadCount, observer);

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
            if (_loops is null)
                Array.ForEach(_listeners, l => l.Dispose());
            else
                _loops.Stop(); // it closes the listeners itself
        }
    }

    /// <summary>Stops the server.</summary>
    public void Dispose() => Stop();

    private EchoFault[] Checked(IReadOnlyList<EchoFault> faults) =>
        _options.Tls is null && faults.FirstOrDefault(fault => fault.NeedsTls) is { } found
            ? throw new ArgumentException($"A server without TLS cannot have the fault '{found.Kind}'. Use TLS, or omit the fault.")
            : [.. faults];

    private void Serve(AcceptLimits limits, int threads, IEchoObserver? observer)
    {
        try
        {
            using var loops = Begin(limits, threads, observer);
            loops?.Run();
        }
        catch (Win32Exception e)
        {
            throw Errors.Accept(string.Join(", ", LocalEndPoints), e as SocketException ?? new SocketException(e.NativeErrorCode));
        }
    }

    // What a client may call this server.
    private static string[] Names(IPAddress address) =>
        address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
            ? [.. new[] { "localhost", Dns.GetHostName() }.Concat(EndPoints.OwnAddresses().Select(a => a.ToString())).Distinct()]
            : IPAddress.IsLoopback(address) ? ["localhost", address.ToString()] : [address.ToString(), Dns.GetHostName()];

    // Returns null if the server is stopped already.
    private EventLoops? Begin(AcceptLimits limits, int threads, IEchoObserver? observer)
    {
        lock (_gate)
        {
            if (_stopped)
                return null;
            if (_loops is not null)
                throw new InvalidOperationException($"The server on {LocalEndPoint} serves already, or has served. Call Listen for another one.");

            return _loops = new EventLoops(_listeners, _options, _tls, _faults, Seed, limits, threads, _counters, observer);
        }
    }
}
