namespace EchoSocket;

/// <summary>How a connection ended.</summary>
public enum EndReason
{
    /// <summary>Orderly close: the peer sent FIN, which is read as zero bytes (RFC 9293, section 3.6).</summary>
    PeerClosed,

    /// <summary>Abortive close: the peer sent RST, which a receive or send reports.</summary>
    PeerReset,

    /// <summary>No byte moved for longer than the server allows. The peer sees FIN.</summary>
    IdleTimeout,

    /// <summary>The server was stopped. The peer sees FIN if all it sent was answered, and RST otherwise.</summary>
    Stopped,

    /// <summary>Something else failed; <see cref="ConnectionResult.Detail"/> says what.</summary>
    Faulted,
}
