using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace EchoSocket.Tests;

/// <summary>A UDP server that runs a test's scripts: one for each datagram in turn. Without scripts it answers each in upper case.</summary>
internal sealed class DatagramServer : IDisposable
{
    private readonly Socket _socket;
    private readonly List<(IPEndPoint From, byte[] Bytes)> _received = []; // also the lock that guards it

    public DatagramServer(params Action<DatagramServer, IPEndPoint, byte[]>[] scripts)
        : this(IPAddress.Loopback, 0, scripts)
    {
    }

    public DatagramServer(IPAddress address, int port, params Action<DatagramServer, IPEndPoint, byte[]>[] scripts)
    {
        _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _socket.Bind(new IPEndPoint(address, port));
        EndPoint = (IPEndPoint)_socket.LocalEndPoint!;
        Done = Bounded.Start(() => Serve(scripts));
    }

    public IPEndPoint EndPoint { get; }

    public int Port => EndPoint.Port;

    /// <summary>All scripts have run, or the server is closed.</summary>
    public Task Done { get; }

    /// <summary>The datagrams so far.</summary>
    public (IPEndPoint From, byte[] Bytes)[] Received
    {
        get
        {
            lock (_received)
                return [.. _received];
        }
    }

    /// <summary>A script that answers in upper case.</summary>
    public static void Echo(DatagramServer server, IPEndPoint from, byte[] bytes) =>
        server.Send(from, [.. bytes.Select(b => b is >= (byte)'a' and <= (byte)'z' ? (byte)(b - 32) : b)]);

    /// <summary>A script that loses the datagram.</summary>
    public static void Lose(DatagramServer server, IPEndPoint from, byte[] bytes)
    {
    }

    public void Send(IPEndPoint to, byte[] bytes) => _socket.SendTo(bytes, to);

    public void Dispose()
    {
        _socket.Dispose();
        ((IAsyncResult)Done).AsyncWaitHandle.WaitOne(Bounded.Limit);
    }

    private void Serve(Action<DatagramServer, IPEndPoint, byte[]>[] scripts)
    {
        var buffer = new byte[65536];
        for (var i = 0; scripts.Length == 0 || i < scripts.Length; i++)
        {
            EndPoint from = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
            int count;
            try
            {
                count = _socket.ReceiveFrom(buffer, ref from);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return; // closed
            }

            lock (_received)
                _received.Add(((IPEndPoint)from, buffer[..count]));
            (scripts.Length == 0 ? Echo : scripts[i])(this, (IPEndPoint)from, buffer[..count]);
        }
    }
}
