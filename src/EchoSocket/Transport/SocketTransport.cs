using System;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>For every system: a connection by its .NET socket. Takes ownership of the socket and makes it non-blocking.</summary>
internal sealed class SocketTransport : ITransport
{
    private readonly Socket _socket;

    public SocketTransport(Socket socket, IPEndPoint remote)
    {
        _socket = socket;
        _socket.Blocking = false;
        RemoteEndPoint = remote;
    }

    public IPEndPoint RemoteEndPoint { get; }

    // macOS refuses these calls on a connection that was reset.
    public IPEndPoint? LocalEndPoint => OrDefault(() => EndPoints.Unmap(_socket.LocalEndPoint!));

    public string Problem => "";

    public bool WantsToSend => false;

    public int Unread => OrDefault(() => _socket.Available);

    public int Unacknowledged => 0;

    public int Receive(byte[] buffer, int offset, int count, out SocketError error) =>
        _socket.Receive(buffer, offset, count, SocketFlags.None, out error);

    public int Send(byte[] buffer, int offset, int count, out SocketError error)
    {
        var sent = _socket.Send(buffer, offset, count, SocketFlags.None, out error);
        if (error == SocketError.WouldBlock)
            error = SocketError.Success;
        return sent;
    }

    public bool Shutdown() => OrDefault(() =>
    {
        _socket.Shutdown(SocketShutdown.Send);
        return true;
    });

    public void Close() => _socket.Dispose();

    public void Abort()
    {
        OrDefault(() => _socket.LingerState = new LingerOption(true, 0)); // the close sends RST
        Close();
    }

    private static T? OrDefault<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (SocketException)
        {
            return default;
        }
    }
}
