namespace EchoSocket.Transport;

/// <summary>The framing of TLS (RFC 8446, section 5.1): a type, a version, a length, and as many bytes.</summary>
internal static class TlsRecord
{
    public const int HeaderSize = 5;

    /// <summary>The largest record: 2^14 bytes, and what TLS 1.2 allows encryption to add (RFC 5246, section 6.2.3).</summary>
    public const int MaxSize = HeaderSize + (16 * 1024) + 2048;

    /// <summary>The type of the records that a handshake begins with.</summary>
    public const byte Handshake = 22;

    /// <summary>The type of an alert, with which a server may answer instead.</summary>
    public const byte Alert = 21;

    /// <summary>The first byte in the first record of a client, behind the header.</summary>
    public const byte ClientHello = 1;

    private const byte FirstType = 20; // change_cipher_spec
    private const byte LastType = 23; // application_data
    private const byte MajorVersion = 3;

    /// <summary>
    /// The size of the record that begins here, with its header; -1 if it is no TLS record. An empty one is none: no peer may send it
    /// (RFC 8446, section 5.1), and OpenSSL would store all that follows it, without end.
    /// </summary>
    public static int Size(byte[] buffer, int offset)
    {
        var size = HeaderSize + (buffer[offset + 3] << 8) + buffer[offset + 4];
        return buffer[offset] is >= FirstType and <= LastType && buffer[offset + 1] == MajorVersion && size is > HeaderSize and <= MaxSize ? size : -1;
    }
}
