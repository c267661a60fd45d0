namespace EchoSocket;

/// <summary>How a connection ended.</summary>
public enum EndReason
{
    /// <summary>The peer closed in order: its FIN was read as zero bytes (RFC 9293, section 3.6).</summary>
    PeerClosed,

    /// <summary>The peer aborted the connection: a reset (RST) arrived, or a send found the connection reset.</summary>
    PeerReset,

    /// <summary>No byte moved for longer than the server allows. The peer sees FIN.</summary>
    IdleTimeout,

    /// <summary>The server was stopped. The peer sees FIN if all it sent was answered, and RST otherwise.</summary>
    Stopped,

    /// <summary>Something else failed; <see cref="ConnectionResult.Detail"/> says what.</summary>
    Faulted,
}
