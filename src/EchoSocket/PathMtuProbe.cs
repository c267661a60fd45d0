using System;
using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Measuring;

namespace EchoSocket;

/// <summary>Finds the largest datagram that a UDP echo server returns whole, without fragments. Thread-safe.</summary>
public static class PathMtuProbe
{
    /// <summary>
    /// Sends datagrams of different sizes, in a binary search. One that is lost is sent again: a size is too large only after three
    /// tries without a reply, each of <see cref="EchoClientOptions.OperationTimeout"/>, or if this computer or a router says so. That makes 19 sizes
    /// at most. A path that does not work is a result and not an exception.
    /// </summary>
    /// <param name="options">The server, and the time-outs. The other options do not matter.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PathMtuResult Run(EchoUdpMeterOptions options, CancellationToken cancellation = default)
    {
        var copy = (EchoUdpMeterOptions?)options?.Copy() ?? throw new ArgumentNullException(nameof(options));
        var start = copy.Timestamp();
        var endPoint = Connector.Display(copy.Host, copy.Port);
        var result = new PathMtuResult { StartTime = DateTime.UtcNow, ComputerName = copy.Host, Port = copy.Port };
        try
        {
            var remote = DatagramConnector.Resolve(copy, cancellation);
            result.RemoteEndPoint = remote.ToString();
            Search(copy, remote, result, cancellation);
        }
        catch (EchoException e)
        {
            result.Failure = e;
        }
        catch (Exception e) when (e is SocketException or Win32Exception)
        {
            result.Failure = new EchoException(EchoError.SocketFailure, endPoint, $"The path to {endPoint} could not be probed: {e.Message}.", e);
        }

        result.Duration = Clock.ToTimeSpan(copy.Timestamp() - start);
        result.Detail = result.Failure?.Message ?? result.Detail;
        return result;
    }

    private static void Search(EchoUdpMeterOptions options, IPEndPoint remote, PathMtuResult result, CancellationToken cancellation)
    {
        using var socket = DatagramConnector.Open(options, remote, s => Fragments.Forbid(s, probe: true));
        using var pings = new DatagramPings(options, socket, result, cancellation);
        if (!pings.ComesBack(EchoUdpMeterOptions.MinMessageSize))
            throw pings.Stray ?? DatagramMeterErrors.NoReply(Connector.Display(options.Host, options.Port), options.OperationTimeout);

        // What this computer takes for the limit is likely to be right, so it is tried first, and then one byte more. But routers may
        // have told it long ago, or not at all.
        var headers = Datagrams.HeaderSize(remote.AddressFamily);
        var max = Datagrams.MaxSize(remote.AddressFamily);
        var (fits, tooLarge) = (EchoUdpMeterOptions.MinMessageSize, max + 1);
        while (tooLarge - fits > 1)
        {
            var known = Math.Min((PathMtu.Of(socket)?.Bytes ?? 0) - headers, max);
            var next = known == fits ? fits + 1 : known > fits && known < tooLarge ? known : fits + ((tooLarge - fits) / 2);
            if (pings.ComesBack(next))
                fits = next;
            else
                tooLarge = next;
        }

        result.MaxMessageSize = fits;
        result.PathMtu = fits + headers;
        if (pings.ShortReply is var (received, sent))
        {
            result.Detail = string.Format(
                CultureInfo.InvariantCulture,
                "Of a message of {0:N0} bytes only {1:N0} came back, in a datagram of their own. The limit may be the server's, and not the path's.", sent, received);
        }
    }
}
