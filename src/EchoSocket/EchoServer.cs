using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace EchoSocket;

/// <summary>
/// A TCP echo server. It listens from the moment it exists until it is stopped, and serves one client on the
/// calling thread with blocking calls.
/// </summary>
public sealed class EchoServer : IDisposable
{
    // The size of a read. With it a connection costs the server less than 256 KiB, however large its messages.
    private const int BufferSize = 64 * 1024;

    // A shutdown ends a waiting receive at once on Unix. Where it does not, the socket is closed after this long.
    private static readonly TimeSpan ShutdownGrace = TimeSpan.FromMilliseconds(250);

    private readonly object _gate = new();
    private readonly Socket _listener;
    private readonly EchoTransform _transform;
    private readonly ManualResetEventSlim _served = new(initialState: true);
    private SocketTransport? _current;
    private bool _stopped;

    private EchoServer(Socket listener, EchoTransform transform)
    {
        _listener = listener;
        _transform = transform;
        LocalEndPoint = Unmap((IPEndPoint)listener.LocalEndPoint!);
    }

    /// <summary>The endpoint it listens on, with the port that the operating system chose where 0 was asked for.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Binds and listens.</summary>
    /// <exception cref="EchoException">
    /// <see cref="EchoError.AddressInUse"/>, <see cref="EchoError.AddressNotAvailable"/>,
    /// <see cref="EchoError.AccessDenied"/> or <see cref="EchoError.SocketFailure"/>.
    /// </exception>
    public static EchoServer Listen(EchoServerOptions options)
    {
        if (options is null)
            throw new ArgumentNullException(nameof(options));

        var endPoint = new IPEndPoint(options.Address, options.Port);
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

            listener.Bind(endPoint);
            listener.Listen(options.Backlog);
            return new EchoServer(listener, options.Transform);
        }
        catch (SocketException e)
        {
            listener?.Dispose();
            throw Failures.Bind(endPoint.ToString(), e);
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

        using var transport = new SocketTransport(socket);
        transport.SendAtOnce();
        if (!TryBegin(transport))
            return null;

        try
        {
            var remote = Unmap((IPEndPoint)socket.RemoteEndPoint!);
            var connection = new EchoConnection
            {
                LocalEndPoint = Unmap((IPEndPoint)socket.LocalEndPoint!).ToString(),
                RemoteEndPoint = remote.ToString(),
                StartTime = DateTime.Now,
            };
            Serve(connection, transport, remote, observer);
            return connection;
        }
        finally
        {
            End();
        }
    }

    /// <summary>
    /// From any thread: stops listening and ends a connection in order (FIN), so that <see cref="ServeOne"/> returns.
    /// Does nothing when called again.
    /// </summary>
    public void Stop()
    {
        SocketTransport? current;
        lock (_gate)
        {
            _stopped = true;
            current = _current;
            _listener.Dispose();
        }

        if (current is null)
            return;

        current.Shutdown();
        if (!_served.Wait(ShutdownGrace))
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
            catch (SocketException e) when (Failures.IsReset(e.SocketErrorCode))
            {
                // This client left before it was accepted; the next one counts.
            }
            catch (SocketException e)
            {
                throw Failures.Bind(LocalEndPoint.ToString(), e);
            }
        }
    }

    private bool TryBegin(SocketTransport transport)
    {
        lock (_gate)
        {
            if (_stopped)
                return false;
            _current = transport;
            _served.Reset();
            return true;
        }
    }

    private void End()
    {
        lock (_gate)
            _current = null;
        _served.Set();
    }

    private void Serve(EchoConnection connection, SocketTransport transport, IPEndPoint remote, IEchoObserver? observer)
    {
        var clock = Stopwatch.StartNew();
        observer?.Connected(remote);
        var error = Echo(connection, transport, observer);
        connection.Duration = clock.Elapsed;
        connection.EndReason = Reason(error);
        if (connection.EndReason == EndReason.Faulted)
            connection.Detail = $"{new SocketException((int)error).Message} ({error})";
        transport.Dispose();
        observer?.Ended(connection);
    }

    private SocketError Echo(EchoConnection connection, SocketTransport transport, IEchoObserver? observer)
    {
        var buffer = new byte[BufferSize];
        while (true)
        {
            var count = transport.Receive(buffer, 0, buffer.Length, out var error);
            if (count == 0)
                return error;

            connection.BytesReceived += count;
            observer?.Received(buffer, count);
            if (_transform == EchoTransform.Upper)
                AsciiUpper.Apply(buffer, 0, count);
            connection.BytesSent += transport.Send(buffer, 0, count, out error);
            if (error != SocketError.Success)
                return error;
        }
    }

    private EndReason Reason(SocketError error)
    {
        if (Volatile.Read(ref _stopped))
            return EndReason.Stopped;
        if (error == SocketError.Success)
            return EndReason.PeerClosed;
        return Failures.IsReset(error) ? EndReason.PeerReset : EndReason.Faulted;
    }

    private static IPEndPoint Unmap(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
