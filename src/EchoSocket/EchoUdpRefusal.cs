namespace EchoSocket;

/// <summary>Why a UDP server does not answer a message.</summary>
public enum EchoUdpRefusal
{
    /// <summary>It is answered.</summary>
    None,

    /// <summary><see cref="EchoServiceOptions.AllowFrom"/> does not include the sender.</summary>
    NotAllowed,

    /// <summary>
    /// It came from a port below 1024, where services listen that may answer the reply in turn, for ever (CVE-1999-0103). See
    /// <see cref="EchoUdpServerOptions.AllowPrivilegedPort"/>. From port 0 it can't be answered at all.
    /// </summary>
    PrivilegedPort,

    /// <summary>It came from the server's own address and port, which nobody but a forger sends from.</summary>
    OwnAddress,

    /// <summary>It was sent to a broadcast or multicast address, so that many servers would answer one message.</summary>
    Broadcast,

    /// <summary>It was larger than the server's buffer, so the rest of it is lost.</summary>
    Truncated,
}
