using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Transport;

/// <summary>Moves the bytes of one connection without waiting. For one thread at a time.</summary>
internal interface ITransport
{
    /// <summary>The other end. An IPv4 peer of a dual-mode listener shows its IPv4 address.</summary>
    IPEndPoint RemoteEndPoint { get; }

    /// <summary>This end; null if the system does not know it, for instance after a reset.</summary>
    IPEndPoint? LocalEndPoint { get; }

    /// <summary>Bytes received by the system and not yet read.</summary>
    int Unread { get; }

    /// <summary>Bytes sent that the peer has not acknowledged yet; 0 where .NET does not expose the number.</summary>
    int Unacknowledged { get; }

    /// <summary>
    /// Reads up to <paramref name="count"/> bytes. Zero with <see cref="SocketError.Success"/> is the peer's FIN; zero with
    /// <see cref="SocketError.WouldBlock"/> means that there is nothing to read now.
    /// </summary>
    int Receive(byte[] buffer, int count, out SocketError error);

    /// <summary>Sends as many bytes as the send buffer has room for. Fewer than asked for, without an error, mean that it is full.</summary>
    int Send(byte[] buffer, int offset, int count, out SocketError error);

    /// <summary>Sends FIN after the data sent so far. Returns false if the connection is gone already.</summary>
    bool Shutdown();

    /// <summary>
    /// Closes. The system still delivers what was sent, unless something was left unread: that makes the close a reset
    /// (RFC 9293, section 3.6.1).
    /// </summary>
    void Close();

    /// <summary>Closes with RST. What the peer has not acknowledged is lost.</summary>
    void Abort();
}
