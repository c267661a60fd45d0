using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>
/// Decides which datagrams are answered. The sender of a datagram is easily forged, so a reply may reach somebody who never asked for
/// it, or a service that answers it in turn. For one thread.
/// </summary>
internal sealed class DatagramAccess
{
    private const int FirstUserPort = 1024;

    // How long the list of this computer's addresses is good for.
    private static readonly long OwnTime = Clock.Ticks(TimeSpan.FromSeconds(1));

    private readonly AddressRange[]? _allowFrom;
    private readonly int _firstPort;
    private readonly int _ownPort;
    private readonly bool _allAddresses;
    private PeerAddress[] _own;
    private long _ownEnd = long.MinValue;

    public DatagramAccess(IReadOnlyList<IPEndPoint> local, IReadOnlyList<AddressRange>? allowFrom, bool allowPrivilegedPort)
    {
        _allowFrom = allowFrom?.ToArray();
        _firstPort = allowPrivilegedPort ? 1 : FirstUserPort; // nobody listens on port 0
        _ownPort = local[0].Port;
        _allAddresses = local.Any(e => e.Address.Equals(IPAddress.Any) || e.Address.Equals(IPAddress.IPv6Any));
        _own = [.. local.Select(e => new PeerAddress(e))];
    }

    public EchoUdpRefusal Check(in Datagram datagram)
    {
        if (datagram.Broadcast)
            return EchoUdpRefusal.Broadcast;
        if (datagram.Remote.Port < _firstPort)
            return EchoUdpRefusal.PrivilegedPort;
        if (datagram.Remote.Port == _ownPort && IsOwn(datagram.Remote))
            return EchoUdpRefusal.OwnAddress;
        if (_allowFrom is not null && !IsAllowed(datagram.Remote))
            return EchoUdpRefusal.NotAllowed;
        return datagram.Truncated ? EchoUdpRefusal.Truncated : EchoUdpRefusal.None;
    }

    private bool IsAllowed(in PeerAddress remote)
    {
        foreach (var range in _allowFrom!)
        {
            if (range.Contains(remote))
                return true;
        }

        return false;
    }

    private bool IsOwn(in PeerAddress remote)
    {
        if (_allAddresses)
        {
            if (remote.IsLoopback)
                return true;

            var now = Stopwatch.GetTimestamp();
            if (now >= _ownEnd)
            {
                _own = [.. EndPoints.OwnAddresses().Select(address => new PeerAddress(address, _ownPort))];
                _ownEnd = now + OwnTime;
            }
        }

        foreach (var own in _own)
        {
            if (own.HasAddressOf(remote))
                return true;
        }

        return false;
    }
}
