namespace EchoSocket;

/// <summary>A way to misbehave.</summary>
public enum EchoFaultKind
{
    /// <summary>Each reply is held back for a time.</summary>
    Delay,

    /// <summary>Replies leave at a limited rate.</summary>
    Throttle,

    /// <summary>Each reply is sent in small pieces.</summary>
    Slice,

    /// <summary>The server closes the connection with FIN.</summary>
    Close,

    /// <summary>The server closes the connection with RST.</summary>
    Reset,

    /// <summary>The server sends FIN, then reads on and answers nothing more.</summary>
    HalfClose,

    /// <summary>The server reads on and answers nothing more.</summary>
    Silence,

    /// <summary>The server reads and sends nothing more, so that the client's window fills.</summary>
    Stall,

    /// <summary>Single bits of the replies are flipped.</summary>
    Corrupt,

    /// <summary>The last bytes of each reply are dropped.</summary>
    Truncate,

    /// <summary>Each reply is sent twice.</summary>
    Duplicate,

    /// <summary>The server closes the connection with RST as soon as it is accepted, before it reads anything.</summary>
    RefuseConnection,

    /// <summary>With TLS: the server answers the client's first message with a fatal alert, and closes.</summary>
    FailHandshake,

    /// <summary>With TLS: the server never answers the client's first message.</summary>
    StallHandshake,

    /// <summary>With TLS: the server shows a self-signed certificate for another name.</summary>
    WrongCertificate,
}
