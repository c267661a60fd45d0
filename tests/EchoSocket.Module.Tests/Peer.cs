using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace EchoSocket.Module.Tests;

/// <summary>A plain-socket server that does to each of its clients, one after the other, what a test wants.</summary>
internal sealed class Peer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly TaskCompletionSource _connected = new();

    public Peer(params Action<Socket>[] scripts)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Done = Bounded.Start(() =>
        {
            foreach (var script in scripts)
            {
                using var client = _listener.Accept();
                _connected.TrySetResult();
                client.ReceiveTimeout = client.SendTimeout = (int)Bounded.Limit.TotalMilliseconds;
                script(client);
            }
        });
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>The first client came.</summary>
    public Task Connected => _connected.Task;

    public Task Done { get; }

    public static Socket Call(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.ReceiveTimeout = socket.SendTimeout = (int)Bounded.Limit.TotalMilliseconds;
        socket.Connect(IPAddress.Loopback, port);
        return socket;
    }

    public static byte[] Read(Socket socket, int count)
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

    /// <summary>Waits for the client's FIN; a reset throws.</summary>
    public static void ReadEnd(Socket socket)
    {
        if (socket.Receive(new byte[1]) != 0)
            throw new InvalidOperationException("There was more to read.");
    }

    /// <summary>A script: reads a message, never answers, and waits for the client to give up.</summary>
    public static Action<Socket> ReadEndAfter(int count) => client =>
    {
        Read(client, count);
        ReadEnd(client);
    };

    public static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public void Dispose() => _listener.Dispose();
}
