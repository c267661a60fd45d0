using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace EchoSocket.Tests;

/// <summary>Plain sockets as peers. Every call on them has a time limit.</summary>
internal static partial class Peers
{
    public static Socket Call(int port) => Call(new IPEndPoint(IPAddress.Loopback, port));

    public static Socket Call(IPEndPoint server, int? receiveBufferSize = null)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (receiveBufferSize is { } size)
            socket.ReceiveBufferSize = size; // with a fixed size the buffer does not grow
        SetTimeouts(socket);
        socket.Connect(server);
        return socket;
    }

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

    /// <summary>Waits for the peer's FIN; a reset throws.</summary>
    public static void ReadEnd(this Socket socket)
    {
        if (socket.Receive(new byte[1]) != 0)
            throw new InvalidOperationException("There was more to read.");
    }

    /// <summary>A script that reads a message, never answers, and waits for the client to give up.</summary>
    public static Action<Socket> ReadEndAfter(int count) => client =>
    {
        client.ReadExactly(count);
        client.ReadEnd();
    };

    /// <summary>Sends without reading until the socket buffers are full in both directions.</summary>
    public static Task Fill(Socket socket, int milliseconds = 250) => Bounded.Start(() =>
    {
        socket.SendTimeout = milliseconds;
        try
        {
            for (var chunk = new byte[256 * 1024]; ;)
                socket.Send(chunk);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            // full
        }
    }).Soon();

    /// <summary>Closes with RST.</summary>
    public static void Reset(this Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public static void SetTimeouts(Socket socket) =>
        socket.ReceiveTimeout = socket.SendTimeout = (int)Bounded.Limit.TotalMilliseconds;
}
