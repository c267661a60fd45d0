using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace EchoSocket.Tests;

/// <summary>A UDP echo server on a thread of its own, for tests of clients.</summary>
internal sealed class UdpPeer : IDisposable
{
    private readonly Socket _socket;
    private readonly Task _done;
    private volatile bool _ends;

    /// <param name="address">Default: the loopback address of IPv4.</param>
    /// <param name="answer">The reply to a datagram; null: none. Default: the same bytes.</param>
    public UdpPeer(IPAddress? address = null, Func<byte[], byte[]?>? answer = null)
    {
        address ??= IPAddress.Loopback;
        _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _socket.Bind(new IPEndPoint(address, 0));
        _done = Bounded.Start(() => Serve(answer ?? (bytes => bytes)));
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public void Dispose()
    {
        // A datagram of its own ends the wait: closing a socket does not, on every system.
        _ends = true;
        using (var wake = new Socket(_socket.AddressFamily, SocketType.Dgram, ProtocolType.Udp))
            wake.SendTo([0], _socket.LocalEndPoint!);
        _done.Get();
        _socket.Dispose();
    }

    private void Serve(Func<byte[], byte[]?> answer)
    {
        var buffer = new byte[ushort.MaxValue];
        EndPoint client = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (true)
        {
            var count = _socket.ReceiveFrom(buffer, ref client);
            if (_ends)
                return;
            if (answer(buffer[..count]) is { } reply)
                _socket.SendTo(reply, client);
        }
    }
}
