using System;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EchoSocket.Common;

namespace EchoSocket.Connecting;

/// <summary>
/// Opens connected UDP sockets. The system hands a connected socket only what comes from its peer: datagrams, and ICMP errors.
/// </summary>
internal static class DatagramSocket
{
    private static readonly bool IsLinux = RuntimeInformation.IsOSPlatform(OSPlatform.Linux);

    /// <summary>Opens a socket that sends to this endpoint. <paramref name="prepare"/> is called before it is connected.</summary>
    /// <exception cref="SocketException">There is no route, or the source address or port is not available.</exception>
    public static Socket Open(IPEndPoint remote, Action<Socket> prepare)
    {
        // If nothing listens on a port of the ephemeral range, the system may give the client that same port. The socket would then
        // be its own peer, and an echo would need no server. The second socket gets another port, or fails if
        // the caller chose this one.
        var socket = Connect(remote, prepare);
        if (!remote.Equals(socket.LocalEndPoint))
            return socket;

        using (socket)
            return Connect(remote, prepare);
    }

    /// <summary>
    /// Lets other sockets that ask for the same have the same source port. The system hands each of them only what comes from its own
    /// peer. Call it before binding. .NET would set SO_REUSEPORT, too, which divides the datagrams up.
    /// </summary>
    public static unsafe void ShareSourcePort(Socket socket)
    {
        if (!IsLinux)
            return;

        var on = 1;
        _ = Libc.setsockopt((int)socket.Handle, Libc.SocketLevel, Libc.ReuseAddress, (byte*)&on, sizeof(int));
    }

    private static PortSharingSocket Connect(IPEndPoint remote, Action<Socket> prepare)
    {
        var socket = new PortSharingSocket(remote.AddressFamily);
        try
        {
            prepare(socket);
            if (socket.LocalEndPoint is not null)
                socket.Reserve(remote);
            ReceiveErrors(socket);
            socket.Connect(remote);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            if (e.SocketErrorCode != SocketError.InvalidArgument)
                throw;
            throw new SocketException((int)SocketError.HostUnreachable); // from the loopback address to another computer
        }
    }

    // By itself, Linux reports port unreachable only, and not that there is no route or no such host (ip(7), IP_RECVERR).
    private static unsafe void ReceiveErrors(Socket socket)
    {
        if (!IsLinux)
            return;

        var on = 1;
        var isIPv4 = socket.AddressFamily == AddressFamily.InterNetwork;
        var (level, name) = isIPv4 ? (Libc.IPLevel, Libc.IPReceiveErrors) : (Libc.IPv6Level, Libc.IPv6ReceiveErrors);
        _ = Libc.setsockopt((int)socket.Handle, level, name, (byte*)&on, sizeof(int));
    }
}
