using System.Collections.Generic;

namespace EchoSocket.Transport;

/// <summary>The memory that the TLS connections of one event loop share, so that an idle one needs none. For the loop's thread.</summary>
internal sealed class TlsBuffers
{
    private const int MaxSpare = 16;
    private const int MaxSilent = 32;

    private readonly Stack<byte[]> _stores = new();
    private readonly Queue<TlsTransport> _silent = new();

    /// <summary>Encrypted bytes on their way from the socket to decryption. Empty between two calls.</summary>
    public byte[] Input { get; } = new byte[256 * 1024];

    /// <summary>Encrypted bytes on their way from encryption to the socket. Empty between two calls.</summary>
    public ByteQueue Output { get; } = new();

    /// <summary>A buffer for an incomplete record.</summary>
    public byte[] Rent() => _stores.Count > 0 ? _stores.Pop() : new byte[TlsTransport.MinCount];

    public void Return(byte[] store)
    {
        if (_stores.Count < MaxSpare)
            _stores.Push(store);
    }

    /// <summary>
    /// Call it for each connection whose handshake is complete. If a peer is still silent some handshakes later, its connection
    /// releases memory. That costs time, so it is not done for a peer that soon sends something.
    /// </summary>
    public void Established(TlsTransport connection)
    {
        _silent.Enqueue(connection);
        if (_silent.Count > MaxSilent)
            _silent.Dequeue().TrimIfSilent();
    }
}
