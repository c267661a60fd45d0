using System;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>
/// For Linux: a connection by its file descriptor. A .NET socket for each client, with its finalizer and the calls that make
/// it non-blocking, would be a twentieth of the cost of a short connection.
/// </summary>
internal sealed unsafe class DescriptorTransport : ITransport
{
    private const int DontWait = 0x40; // MSG_DONTWAIT
    private const int NoSignal = 0x4000; // MSG_NOSIGNAL
    private const int ShutdownWrite = 1; // SHUT_WR
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int Linger = 13; // SO_LINGER
    private const int InputQueue = 0x541B; // SIOCINQ (tcp(7))
    private const int OutputQueue = 0x5411; // SIOCOUTQ

    private readonly int _descriptor;
    private readonly Socket? _owner;

    /// <summary>Takes ownership of the descriptor.</summary>
    public DescriptorTransport(int descriptor, IPEndPoint remote)
    {
        _descriptor = descriptor;
        RemoteEndPoint = remote;
    }

    /// <summary>Takes ownership of a connected socket.</summary>
    public DescriptorTransport(Socket socket, IPEndPoint remote)
        : this((int)socket.Handle, remote) => _owner = socket;

    public IPEndPoint RemoteEndPoint { get; }

    public IPEndPoint? LocalEndPoint
    {
        get
        {
            var address = stackalloc byte[EndPoints.AddressSize];
            var size = EndPoints.AddressSize;
            return Libc.getsockname(_descriptor, address, &size) == 0 ? EndPoints.Read(address) : null;
        }
    }

    public string Problem => "";

    public bool WantsToSend => false;

    public int Unread => Queued(InputQueue);

    public int Unacknowledged => Queued(OutputQueue);

    public int Receive(byte[] buffer, int offset, int count, out SocketError error)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var received = (int)Libc.recv(_descriptor, start + offset, (IntPtr)count, DontWait);
                if (received >= 0)
                {
                    error = SocketError.Success;
                    return received;
                }

                if (Libc.Failed(out error))
                    return 0;
            }
        }
    }

    public int Send(byte[] buffer, int offset, int count, out SocketError error)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var sent = (int)Libc.send(_descriptor, start + offset, (IntPtr)count, DontWait | NoSignal);
                if (sent >= 0)
                {
                    error = SocketError.Success;
                    return sent;
                }

                if (!Libc.Failed(out error))
                    continue;
                if (error == SocketError.WouldBlock)
                    error = SocketError.Success;
                return 0;
            }
        }
    }

    public bool Shutdown() => Libc.shutdown(_descriptor, ShutdownWrite) == 0;

    public void Close()
    {
        // Not repeated after a signal: the descriptor is closed even then (close(2)).
        if (_owner is null)
            _ = Libc.close(_descriptor);
        else
            _owner.Dispose();
    }

    public void Abort()
    {
        var linger = stackalloc int[] { 1, 0 }; // on, for 0 seconds: the close sends RST (socket(7))
        _ = Libc.setsockopt(_descriptor, SocketLevel, Linger, (byte*)linger, 2 * sizeof(int));
        Close();
    }

    private int Queued(int queue)
    {
        var count = 0;
        return Libc.ioctl(_descriptor, (UIntPtr)queue, &count) == 0 ? count : 0;
    }
}
