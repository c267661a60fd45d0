using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;

namespace EchoSocket.Connecting;

/// <summary>
/// A UDP socket that may share its source port with others of this process, if they have other peers. The system does not check
/// that: of two sockets with the same peer, one would get the replies of both. Thread-safe as <see cref="Socket"/> is.
/// </summary>
internal sealed class PortSharingSocket(AddressFamily family) : Socket(family, SocketType.Dgram, ProtocolType.Udp)
{
    private static readonly HashSet<(EndPoint Local, EndPoint Remote)> Leases = []; // also the lock that guards it and _lease

    private (EndPoint Local, EndPoint Remote)? _lease;

    /// <summary>Reserves the peer for this socket, which is bound, until it is closed. Call it before connecting.</summary>
    /// <exception cref="BindException">Another socket with the same source port has the peer.</exception>
    public void Reserve(EndPoint remote)
    {
        var lease = (LocalEndPoint!, remote);
        lock (Leases)
        {
            if (!Leases.Add(lease))
                throw new BindException(SocketError.AddressAlreadyInUse);
            _lease = lease;
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        lock (Leases)
        {
            if (_lease is { } lease)
                Leases.Remove(lease);
            _lease = null;
        }
    }
}
