using System;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace EchoSocket.Tests;

/// <summary>A UDP server on a thread of its own.</summary>
internal sealed class UdpTestServer : IDisposable
{
    public UdpTestServer(EchoUdpServerOptions? options = null, UdpRecorder? recorder = null)
    {
        options ??= new EchoUdpServerOptions();
        options.Port = 0;
        Recorder = recorder ?? new UdpRecorder();
        Server = EchoUdpServer.Listen(options);
        Serving = Bounded.Start(() => Server.Serve(Recorder));
    }

    public EchoUdpServer Server { get; }

    public UdpRecorder Recorder { get; }

    public Task Serving { get; }

    public int Port => Server.LocalEndPoint.Port;

    public Task StopAsync()
    {
        Server.Stop();
        return Serving.Soon();
    }

    public void Dispose()
    {
        Server.Stop();
        ((IAsyncResult)Serving).AsyncWaitHandle.WaitOne(Bounded.Limit);
    }
}

/// <summary>Records what a UDP server reports.</summary>
internal sealed class UdpRecorder : IEchoUdpObserver
{
    public ConcurrentQueue<string> Events { get; } = new();

    public Action? OnReceived { get; init; }

    public long Skips { get; private set; }

    public void Received(IPEndPoint remote, byte[] buffer, int offset, int count) => OnReceived?.Invoke();

    public void Refused(IPEndPoint remote, EchoUdpRefusal reason) => Events.Enqueue($"{remote} {reason}");

    public void Unanswered(IPEndPoint remote, string problem) => Events.Enqueue($"{remote} unanswered: {problem}");

    public void Skipped(long count)
    {
        Skips += count;
        Events.Enqueue($"{count} skipped");
    }
}

/// <summary>A plain UDP socket as a client. Every call has a time limit.</summary>
internal sealed class UdpClientSocket : IDisposable
{
    private readonly byte[] _buffer = new byte[65536];

    public UdpClientSocket(string address = "127.0.0.1", int port = 0)
    {
        var local = IPAddress.Parse(address);
        Socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        Peers.SetTimeouts(Socket);
        Socket.ReceiveBufferSize = 1024 * 1024;
        Socket.Bind(new IPEndPoint(local, port));
    }

    public Socket Socket { get; }

    public IPEndPoint EndPoint => (IPEndPoint)Socket.LocalEndPoint!;

    public void Send(byte[] message, string address, int port) => Socket.SendTo(message, new IPEndPoint(IPAddress.Parse(address), port));

    /// <summary>The next datagram, and who sent it.</summary>
    public byte[] Receive(out IPEndPoint from)
    {
        EndPoint remote = new IPEndPoint(Socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        var count = Socket.ReceiveFrom(_buffer, ref remote);
        from = (IPEndPoint)remote;
        return _buffer.AsSpan(0, count).ToArray();
    }

    public byte[] Exchange(byte[] message, int port, string address = "127.0.0.1")
    {
        Send(message, address, port);
        return Receive(out _);
    }

    public void Dispose() => Socket.Dispose();
}
