using System;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Polling;

/// <summary>A socket that any thread can make readable: it sends to itself. It ends a poller's wait on every system.</summary>
internal sealed class WakeSocket : IDisposable
{
    private readonly byte[] _signal = new byte[1];

    public WakeSocket()
    {
        Socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        Socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Socket.Connect(Socket.LocalEndPoint!); // from now on it takes nobody else's datagrams
        Socket.Blocking = false;
    }

    public Socket Socket { get; }

    public void Wake()
    {
        try
        {
            Socket.Send(_signal, 0, 1, SocketFlags.None, out _);
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    public void Drain()
    {
        var rest = new byte[1];
        while (Socket.Receive(rest, 0, 1, SocketFlags.None, out var error) > 0 && error == SocketError.Success)
        {
        }
    }

    public void Dispose() => Socket.Dispose();
}
