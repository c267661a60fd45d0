namespace EchoSocket;

/// <summary>What went wrong, as a stable name.</summary>
public enum EchoError
{
    /// <summary>Another socket listens on the address and port.</summary>
    AddressInUse,

    /// <summary>The address is not one of this computer's.</summary>
    AddressNotAvailable,

    /// <summary>The operating system does not permit it, for instance to bind a port below 1024 without the privilege.</summary>
    AccessDenied,

    /// <summary>
    /// The host answered that nothing listens on the port: over TCP a reset in reply to the SYN, over UDP ICMP port unreachable.
    /// </summary>
    ConnectionRefused,

    /// <summary>The name has no address.</summary>
    HostNotFound,

    /// <summary>There is no route to the host or its network, or the peer of a connection can no longer be reached.</summary>
    HostUnreachable,

    /// <summary>Could not resolve the name and connect in time.</summary>
    ConnectionTimeout,

    /// <summary>The reply was not complete in time. Over UDP the message or its reply is lost.</summary>
    OperationTimeout,

    /// <summary>The peer closed (FIN) before the reply was whole, or before the client did.</summary>
    ConnectionClosedEarly,

    /// <summary>The peer reset the connection (RST) before the reply was whole, or before the client closed it.</summary>
    ConnectionReset,

    /// <summary>Bytes came back that no echo would send.</summary>
    ReplyMismatch,

    /// <summary>The message is too large for a datagram, or for the path if it must not be cut into fragments.</summary>
    MessageTooLarge,

    /// <summary>TLS failed, most often in the handshake: a certificate, a version, or a peer that does not speak TLS.</summary>
    AuthenticationFailed,

    /// <summary>Any other failure of a socket; the message names the operating system's error.</summary>
    SocketFailure,
}
