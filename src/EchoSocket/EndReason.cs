namespace EchoSocket;

/// <summary>How a connection ended.</summary>
public enum EndReason
{
    /// <summary>The peer closed in order: its FIN was read as zero bytes (RFC 9293, section 3.6).</summary>
    PeerClosed,

    /// <summary>The peer aborted: a reset (RST) arrived, or a send met a connection already reset.</summary>
    PeerReset,

    /// <summary>The peer was silent for longer than the server allows.</summary>
    IdleTimeout,

    /// <summary>The server was stopped; the peer was sent an orderly end.</summary>
    Stopped,

    /// <summary>Something else failed; <see cref="EchoConnection.Detail"/> says what.</summary>
    Faulted,
}
