using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>
/// For every system: one datagram at a time. A reply leaves from the address that the socket is bound to, so it must be one
/// address.
/// </summary>
internal sealed class SingleSocket : IDatagramSocket
{
    private const int NoResetOnPortUnreachable = unchecked((int)0x9800000C); // SIO_UDP_CONNRESET of Windows

    private readonly EndPoint _any;
    private readonly PeerAddress _address;
    private EndPoint _remote;

    /// <inheritdoc cref="BatchSocket(Socket, int)"/>
    public SingleSocket(Socket socket, int size)
    {
        Socket = socket;
        socket.Blocking = false;
        Buffer = new byte[size];
        _address = new PeerAddress((IPEndPoint)socket.LocalEndPoint!);
        _remote = _any = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);

        // Otherwise each reply to a port that is closed fails a later receive.
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
            socket.IOControl(NoResetOnPortUnreachable, [0, 0, 0, 0], null);
    }

    public Socket Socket { get; }

    public byte[] Buffer { get; }

    public Datagram[] Batch { get; } = new Datagram[1];

    public bool CanWait => false;

    public int Receive(int max, bool wait, out SocketError error)
    {
        try
        {
            error = SocketError.WouldBlock;
            if (!Socket.Poll(0, SelectMode.SelectRead))
                return 0; // with nothing to read, ReceiveMessageFrom would throw

            var flags = SocketFlags.None;
            _remote = _any;
            ref var datagram = ref Batch[0];
            datagram.Count = Socket.ReceiveMessageFrom(Buffer, 0, Buffer.Length, ref flags, ref _remote, out var information);
            datagram.Remote = new PeerAddress(EndPoints.Unmap(_remote));
            datagram.Truncated = (flags & SocketFlags.Truncated) != 0;
            datagram.Broadcast = !_address.HasAddressOf(new PeerAddress(information.Address, 0));
            error = SocketError.Success;
            return 1;
        }
        catch (SocketException e)
        {
            error = e.SocketErrorCode;
            return 0;
        }
    }

    public void EndWait()
    {
    }

    public int Send(int first, int count, out SocketError error)
    {
        try
        {
            Socket.SendTo(Buffer, 0, Batch[0].Count, SocketFlags.None, _remote);
            error = SocketError.Success;
            return 1;
        }
        catch (SocketException e)
        {
            error = e.SocketErrorCode;
            return 0;
        }
    }

    public void Dispose() => Socket.Dispose();
}
