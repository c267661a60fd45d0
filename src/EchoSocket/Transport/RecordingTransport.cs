using System;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Transport;

/// <summary>Keeps the first bytes that another transport receives.</summary>
internal sealed class RecordingTransport(ITransport transport, int limit) : ITransport
{
    private readonly ByteQueue _received = new();

    /// <summary>A copy of what was kept.</summary>
    public byte[] Received
    {
        get
        {
            var copy = new byte[_received.Count];
            Buffer.BlockCopy(_received.Buffer, _received.Start, copy, 0, copy.Length);
            return copy;
        }
    }

    public IPEndPoint RemoteEndPoint => transport.RemoteEndPoint;

    public IPEndPoint? LocalEndPoint => transport.LocalEndPoint;

    public string Problem => transport.Problem;

    public bool WantsToSend => transport.WantsToSend;

    public int Unread => transport.Unread;

    public int Unacknowledged => transport.Unacknowledged;

    public int Receive(byte[] buffer, int offset, int count, out SocketError error)
    {
        var received = transport.Receive(buffer, offset, count, out error);
        _received.Append(buffer, offset, Math.Min(received, limit - _received.Count));
        return received;
    }

    public int Send(byte[] buffer, int offset, int count, out SocketError error) => transport.Send(buffer, offset, count, out error);

    public bool Shutdown() => transport.Shutdown();

    public void Close() => transport.Close();

    public void Abort() => transport.Abort();
}
