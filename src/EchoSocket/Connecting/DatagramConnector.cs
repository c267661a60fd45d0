using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;

namespace EchoSocket.Connecting;

/// <summary>
/// Opens sockets for datagrams that are connected: they send to the server, and receive only what comes from it, ICMP errors
/// included. Nothing goes on the wire for that. Thread-safe.
/// </summary>
internal static class DatagramConnector
{
    /// <summary>Resolves the host within the time limit of the options. Datagrams go to the first of its addresses.</summary>
    /// <exception cref="EchoException">The host has no address that the options allow.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IPEndPoint Resolve(EchoClientOptions options, CancellationToken cancellation)
    {
        var deadline = Stopwatch.GetTimestamp() + Clock.Ticks(options.ConnectionTimeout);
        return new IPEndPoint(Connector.FindAddresses(options, deadline, cancellation)[0], options.Port);
    }

    /// <summary>Opens a socket.</summary>
    /// <param name="options">The source address, and the name of the server.</param>
    /// <param name="remote">The server's endpoint.</param>
    /// <param name="prepare">Called with the socket before it is connected.</param>
    /// <exception cref="EchoException">It could not be opened or connected.</exception>
    public static Socket Open(EchoClientOptions options, IPEndPoint remote, Action<Socket>? prepare = null)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(remote.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            options.Prepare(socket);
            prepare?.Invoke(socket);
            socket.Connect(remote);

            // If nothing listens on a port of the ephemeral range, the system may give the socket that same port. It would then
            // receive what it has sent, and an echo would need no server.
            if (!remote.Equals(socket.LocalEndPoint))
                return socket;
            throw new SocketException((int)SocketError.ConnectionRefused);
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw DatagramMeterErrors.Open(Connector.Display(options.Host, options.Port), e, options);
        }
    }
}
