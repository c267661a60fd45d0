using System;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>For every system: a connection by its .NET socket. Takes ownership of the socket and makes it non-blocking.</summary>
internal sealed class SocketTransport : ITransport, IPeerState
{
    public SocketTransport(Socket socket, IPEndPoint remote)
    {
        Socket = socket;
        Socket.Blocking = false;
        RemoteEndPoint = remote;
    }

    /// <summary>The socket, for a poller.</summary>
    public Socket Socket { get; }

    public IPEndPoint RemoteEndPoint { get; }

    // macOS refuses these calls on a connection that was reset.
    public IPEndPoint? LocalEndPoint => OrDefault(() => EndPoints.Unmap(Socket.LocalEndPoint!));

    public bool HasClosed =>
        RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? DescriptorTransport.PeerHasClosed((int)Socket.Handle)
        : OrDefault(() => Socket.Poll(0, SelectMode.SelectRead) && Socket.Available == 0);

    public string Problem => "";

    public bool WantsToSend => false;

    public int Unread => OrDefault(() => Socket.Available);

    public int Unacknowledged => 0;

    public int Receive(byte[] buffer, int offset, int count, out SocketError error) =>
        Socket.Receive(buffer, offset, count, SocketFlags.None, out error);

    public int Send(byte[] buffer, int offset, int count, out SocketError error)
    {
        var sent = Socket.Send(buffer, offset, count, SocketFlags.None, out error);
        if (error == SocketError.WouldBlock)
            error = SocketError.Success;
        return sent;
    }

    public bool Shutdown() => OrDefault(() =>
    {
        Socket.Shutdown(SocketShutdown.Send);
        return true;
    });

    public void Close() => Socket.Dispose();

    public void Abort()
    {
        OrDefault(() => Socket.LingerState = new LingerOption(true, 0)); // the close sends RST
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
