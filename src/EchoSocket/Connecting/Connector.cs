using System;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;

namespace EchoSocket.Connecting;

/// <summary>Opens connections: resolves the name, lets its addresses race, and keeps to one time limit.</summary>
internal static class Connector
{
    /// <returns>A race that has a winner.</returns>
    /// <exception cref="EchoException">No connection came about.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ConnectRace Connect(string host, int port, TimeSpan timeout, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var endPoint = Display(host, port);
        var addresses = Resolve(host, endPoint, timeout, cancellation);
        var race = ConnectRace.Run(addresses, port, timeout - clock.Elapsed, cancellation);
        if (race.Socket is not null)
            return race;

        var tried = race.Attempts.Count == 0 ? $" (resolving '{host}' took all of it)"
            : race.Attempts.Count == 1 && race.Attempts[0].EndPoint == endPoint ? ""
            : $" (tried {string.Join(", ", race.Attempts.Select(a => a.EndPoint))})";
        throw race.Failure is null or { SocketErrorCode: SocketError.TimedOut }
            ? Errors.ConnectionTimeout(endPoint, tried, timeout, race.Failure)
            : Errors.Connect(endPoint, tried, race.Failure);
    }

    // A literal IPv6 address is shown in brackets, as everywhere (RFC 3986, section 3.2.2).
    public static string Display(string host, int port) =>
        IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, port).ToString() : $"{host}:{port}";

    public static IPAddress[] Resolve(string host, string endPoint, TimeSpan timeout, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host, out var literal))
            return [EndPoints.Unmap(literal)];

        try
        {
            var query = Dns.GetHostAddressesAsync(host);
            if (!query.Wait((int)timeout.TotalMilliseconds, cancellation))
            {
                // The resolver can't be interrupted; its late failure is nobody's.
                _ = query.ContinueWith(static late => late.Exception, TaskScheduler.Default);
                throw Errors.ConnectionTimeout(endPoint, $" (resolving '{host}' took all of it)", timeout);
            }

            return query.Result is { Length: > 0 } found ? found : throw Errors.HostNotFound(host, endPoint, null);
        }
        catch (AggregateException e) when (e.InnerException is SocketException or ArgumentException)
        {
            throw Errors.HostNotFound(host, endPoint, e.InnerException);
        }
        catch (ArgumentException e)
        {
            throw Errors.HostNotFound(host, endPoint, e);
        }
    }

    public static Socket CreateSocket(IPEndPoint remote) => new(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp);

    // Closing the socket is the one way to end a blocking connect on every system, for the time limit and the
    // cancellation alike. An asynchronous connect would leave the socket non-blocking on Unix for good.
    /// <summary>Returns the socket connected, or closes it.</summary>
    public static Socket Connect(Socket socket, IPEndPoint remote, TimeSpan timeout, CancellationToken cancellation, out TimeSpan time)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            cancellation.ThrowIfCancellationRequested();
            socket.NoDelay = true;
            limit.CancelAfter(timeout);
            using (limit.Token.Register(socket.Dispose))
            {
                // Only the handshake: what is cold around it costs milliseconds in a new process.
                var start = Stopwatch.GetTimestamp();
                socket.Connect(remote);
                time = Clock.Since(start);
            }

            if (!limit.IsCancellationRequested && !IsSelf(socket, remote))
                return socket;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            if (!limit.IsCancellationRequested)
            {
                socket.Dispose();
                throw;
            }
        }
        catch (OperationCanceledException)
        {
            // Before it began: told below.
        }

        socket.Dispose();
        cancellation.ThrowIfCancellationRequested();
        throw new SocketException((int)(limit.IsCancellationRequested ? SocketError.TimedOut : SocketError.ConnectionRefused));
    }

    // Where nothing listens on a port of the ephemeral range, Linux may give a caller that very port, and TCP then
    // connects the socket to itself (RFC 9293, section 3.5, simultaneous open): an echo that no server sent.
    private static bool IsSelf(Socket socket, IPEndPoint remote) => remote.Equals(socket.LocalEndPoint);
}
