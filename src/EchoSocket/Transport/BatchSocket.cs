using System;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>For Linux: recvmmsg(2) and sendmmsg(2), and no allocation for a datagram.</summary>
internal sealed unsafe class BatchSocket : IDatagramSocket
{
    /// <summary>How many datagrams one call moves.</summary>
    public const int BatchSize = 32;

    private const int NameSize = 32; // a socket address, aligned
    private const int DontWait = 0x40; // MSG_DONTWAIT
    private const int WaitForOne = 0x10000; // MSG_WAITFORONE
    private const int ShutdownReading = 0; // SHUT_RD
    private const int Truncated = 0x20; // MSG_TRUNC

    private readonly object _closing = new(); // guards _closed
    private readonly int _descriptor;
    private readonly MultiMessage* _messages;
    private readonly IoVector* _vectors;
    private readonly int _size;
    private readonly int _addressSize;
    private readonly int _controlSize;
    private GCHandle _pinned;
    private int _used = BatchSize;
    private bool _closed;

    /// <param name="socket">A bound socket, which this object then owns.</param>
    /// <param name="size">The size of the largest datagram.</param>
    public BatchSocket(Socket socket, int size)
    {
        Socket = socket;
        _descriptor = (int)socket.Handle;
        _size = size;
        _addressSize = socket.AddressFamily == AddressFamily.InterNetwork ? 16 : EndPoints.AddressSize;
        _controlSize = PacketInformation.IsNeeded((IPEndPoint)socket.LocalEndPoint!) ? PacketInformation.MaxSize : 0;

        // Not a power of two: the beginnings of all datagrams would share a few sets of the processor's cache.
        var stride = ((size + 63) & -64) + (33 * 64);
        Buffer = new byte[BatchSize * stride];
        _pinned = GCHandle.Alloc(Buffer, GCHandleType.Pinned);
        var buffer = (byte*)_pinned.AddrOfPinnedObject();

        _messages = (MultiMessage*)Marshal.AllocHGlobal(BatchSize * (sizeof(MultiMessage) + sizeof(IoVector) + NameSize + PacketInformation.MaxSize));
        _vectors = (IoVector*)(_messages + BatchSize);
        var names = (byte*)(_vectors + BatchSize);
        var controls = names + (BatchSize * NameSize);
        for (var i = 0; i < BatchSize; i++)
        {
            Batch[i].Offset = i * stride;
            _vectors[i].Start = buffer + Batch[i].Offset;
            _messages[i].Header = new MessageHeader
            {
                Name = names + (i * NameSize),
                Vectors = _vectors + i,
                VectorCount = (UIntPtr)1,
                Control = controls + (i * PacketInformation.MaxSize),
            };
        }
    }

    public Socket Socket { get; }

    public byte[] Buffer { get; }

    public Datagram[] Batch { get; } = new Datagram[BatchSize];

    public bool CanWait => true;

    public int Receive(int max, bool wait, out SocketError error)
    {
        for (var i = 0; i < _used; i++)
        {
            _vectors[i].Count = (UIntPtr)_size;
            _messages[i].Header.NameSize = (uint)_addressSize;
            _messages[i].Header.ControlSize = (UIntPtr)_controlSize;
        }

        error = SocketError.Success;
        max = Math.Min(max, BatchSize);
        _used = wait ? Libc.recvmmsg_blocking(_descriptor, _messages, (uint)max, WaitForOne, null) : -1;
        while (_used < 0)
        {
            // After a wait that failed this tells what went wrong.
            _used = Libc.recvmmsg(_descriptor, _messages, (uint)max, DontWait, null);
            if (_used < 0 && Libc.Failed(out error))
                _used = 0;
        }

        for (var i = 0; i < _used; i++)
            Read(ref _messages[i], ref Batch[i]);
        if (_used == 0 || _messages[0].Header.NameSize > 0)
            return _used;

        error = SocketError.WouldBlock; // there is no datagram: the wait was ended
        return 0;
    }

    // The call fails because there is no connection, but wakes a thread that waits (on Linux).
    public void EndWait()
    {
        lock (_closing)
        {
            if (!_closed)
                _ = Libc.shutdown(_descriptor, ShutdownReading);
        }
    }

    public int Send(int first, int count, out SocketError error)
    {
        for (var i = first; i < first + count; i++)
            _vectors[i].Count = (UIntPtr)Batch[i].Count;

        int sent;
        error = SocketError.Success;
        while ((sent = Libc.sendmmsg(_descriptor, _messages + first, (uint)count, DontWait)) < 0)
        {
            if (Libc.Failed(out error))
                return 0;
        }

        return sent;
    }

    public void Dispose()
    {
        lock (_closing)
        {
            if (_closed)
                return;

            _closed = true;
            Socket.Dispose();
        }

        _pinned.Free();
        Marshal.FreeHGlobal((IntPtr)_messages);
    }

    private void Read(ref MultiMessage message, ref Datagram datagram)
    {
        ref var header = ref message.Header;
        datagram.Count = (int)message.Count;
        datagram.Remote = new PeerAddress(header.Name);
        datagram.Truncated = (header.Flags & Truncated) != 0;
        header.Flags = 0;
        if (_controlSize > 0)
            header.ControlSize = (UIntPtr)PacketInformation.ToReply(header.Control, (int)header.ControlSize, out datagram.Broadcast);
    }
}
