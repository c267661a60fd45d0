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

    /// <summary>More about the end that <see cref="Receive"/> or <see cref="Send"/> reported last, as a sentence; otherwise empty.</summary>
    string Problem { get; }

    /// <summary>
    /// After a receive of nothing: true if the transport has bytes of its own to send (a part of a TLS handshake), and waits for
    /// room in the send buffer. The next receive sends them.
    /// </summary>
    bool WantsToSend { get; }

    /// <summary>Bytes received by the system and not yet read. Over TLS they are counted as they are on the wire.</summary>
    int Unread { get; }

    /// <summary>
    /// Bytes sent that the peer has not acknowledged yet; 0 where .NET does not expose the number. Over TLS they are counted as
    /// they are on the wire.
    /// </summary>
    int Unacknowledged { get; }

    /// <summary>
    /// Reads up to <paramref name="count"/> bytes. Zero with <see cref="SocketError.Success"/> is the peer's FIN; zero with
    /// <see cref="SocketError.WouldBlock"/> means that there is nothing to read now; zero with
    /// <see cref="SocketError.InProgress"/> means that bytes were moved, but none for the caller: a part of a TLS handshake or record.
    /// </summary>
    int Receive(byte[] buffer, int offset, int count, out SocketError error);

    /// <summary>
    /// Sends as many bytes as the send buffer has room for. Fewer than asked for, without an error, mean that it is full. The
    /// next call has to begin with the bytes that were not sent, because TLS may have encrypted them already.
    /// </summary>
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
