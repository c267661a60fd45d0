using System;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>
/// For Linux: a connection by its file descriptor. A .NET socket for each client, with its finalizer and the calls that make
/// it non-blocking, would be a twentieth of the cost of a short connection.
/// </summary>
internal sealed unsafe class DescriptorTransport : ITransport, IPeerState
{
    private const int DontWait = 0x40; // MSG_DONTWAIT
    private const int NoSignal = 0x4000; // MSG_NOSIGNAL
    private const short PeerShutdown = 0x2000; // POLLRDHUP
    private const int ShutdownWrite = 1; // SHUT_WR
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int Linger = 13; // SO_LINGER
    private const int InputQueue = 0x541B; // SIOCINQ (tcp(7))
    private const int OutputQueue = 0x5411; // SIOCOUTQ

    private readonly Socket? _owner;

    /// <summary>Takes ownership of the descriptor.</summary>
    public DescriptorTransport(int descriptor, IPEndPoint remote)
    {
        Descriptor = descriptor;
        RemoteEndPoint = remote;
    }

    /// <summary>Takes ownership of a connected socket.</summary>
    public DescriptorTransport(Socket socket, IPEndPoint remote)
        : this((int)socket.Handle, remote) => _owner = socket;

    /// <summary>The file descriptor, for a poller.</summary>
    public int Descriptor { get; }

    public IPEndPoint RemoteEndPoint { get; }

    public IPEndPoint? LocalEndPoint
    {
        get
        {
            var address = stackalloc byte[EndPoints.AddressSize];
            var size = EndPoints.AddressSize;
            return Libc.getsockname(Descriptor, address, &size) == 0 ? EndPoints.Read(address) : null;
        }
    }

    public bool HasClosed => PeerHasClosed(Descriptor);

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
                var received = (int)Libc.recv(Descriptor, start + offset, (IntPtr)count, DontWait);
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
                var sent = (int)Libc.send(Descriptor, start + offset, (IntPtr)count, DontWait | NoSignal);
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

    public bool Shutdown() => Libc.shutdown(Descriptor, ShutdownWrite) == 0;

    public void Close()
    {
        // Not repeated after a signal: the descriptor is closed even then (close(2)).
        if (_owner is null)
            _ = Libc.close(Descriptor);
        else
            _owner.Dispose();
    }

    public void Abort()
    {
        var linger = stackalloc int[] { 1, 0 }; // on, for 0 seconds: the close sends RST (socket(7))
        _ = Libc.setsockopt(Descriptor, SocketLevel, Linger, (byte*)linger, 2 * sizeof(int));
        Close();
    }

    /// <summary>Whether the peer has sent FIN, even behind bytes that were not read.</summary>
    public static bool PeerHasClosed(int descriptor)
    {
        var entry = stackalloc byte[8]; // struct pollfd (poll(2)): the descriptor, the events asked for, those that came
        *(int*)entry = descriptor;
        *(short*)(entry + 4) = PeerShutdown;
        return Libc.poll(entry, (UIntPtr)1, 0) > 0 && (*(short*)(entry + 6) & PeerShutdown) != 0;
    }

    private int Queued(int queue)
    {
        var count = 0;
        return Libc.ioctl(Descriptor, (UIntPtr)queue, &count) == 0 ? count : 0;
    }
}
