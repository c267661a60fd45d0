using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace EchoSocket.Tests;

/// <summary>Plain sockets to stand on the other side.</summary>
internal static class Peers
{
    public static EchoServer Listen(EchoTransform transform = EchoTransform.Upper) =>
        EchoServer.Listen(new EchoServerOptions { Port = 0, Transform = transform });

    /// <summary>A connected socket whose blocking calls are bounded.</summary>
    public static Socket Call(IPEndPoint server)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        Bound(socket);
        socket.Connect(server);
        return socket;
    }

    public static EchoClient Client(IPEndPoint server, double operationTimeout = 20, System.Threading.CancellationToken cancellation = default) =>
        EchoClient.Connect(
            new EchoClientOptions
            {
                Host = server.Address.ToString(),
                Port = server.Port,
                OperationTimeout = TimeSpan.FromSeconds(operationTimeout),
            },
            cancellation);

    public static byte[] ReadExactly(this Socket socket, int count)
    {
        var buffer = new byte[count];
        for (var read = 0; read < count;)
        {
            var part = socket.Receive(buffer, read, count - read, SocketFlags.None);
            if (part == 0)
                throw new InvalidOperationException($"The peer closed after {read} of {count} bytes.");
            read += part;
        }

        return buffer;
    }

    /// <summary>Closes with RST.</summary>
    public static void Reset(this Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public static void Bound(Socket socket) =>
        socket.ReceiveTimeout = socket.SendTimeout = (int)Bounded.Limit.TotalMilliseconds;
}

/// <summary>A server that does to its one client what a test wants.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ScriptedServer(Action<Socket> script)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Done = Bounded.Start(() =>
        {
            using var client = _listener.Accept();
            Peers.Bound(client);
            script(client);
        });
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    public Task Done { get; }

    public void Dispose() => _listener.Dispose();
}
