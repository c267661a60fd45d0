using System.Collections.Generic;

namespace EchoSocket.Transport;

/// <summary>The memory that the TLS connections of one event loop share, so that an idle one needs none. For the loop's thread.</summary>
internal sealed class TlsBuffers
{
    private readonly Stack<byte[]> _stores = new();

    /// <summary>Encrypted bytes on their way from the socket to decryption. Empty between two calls.</summary>
    public byte[] Input { get; } = new byte[256 * 1024];

    /// <summary>Encrypted bytes on their way from encryption to the socket. Empty between two calls.</summary>
    public ByteQueue Output { get; } = new();

    /// <summary>A buffer for an incomplete record.</summary>
    public byte[] Rent() => _stores.Count > 0 ? _stores.Pop() : new byte[TlsTransport.MinCount];

    public void Return(byte[] store) => _stores.Push(store);
}
