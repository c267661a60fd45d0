using System;

namespace EchoSocket;

/// <summary>Somebody whose messages a UDP server has answered: an address and a port.</summary>
public sealed class EchoUdpPeer
{
    /// <summary>The peer, as <c>address:port</c>.</summary>
    public string RemoteEndPoint { get; set; } = "";

    /// <summary>How many messages came from it.</summary>
    public long Messages { get; set; }

    /// <summary>How many bytes those had.</summary>
    public long Bytes { get; set; }

    /// <summary>When the first message came, in UTC.</summary>
    public DateTime FirstSeen { get; set; }

    /// <summary>When the last message came, in UTC.</summary>
    public DateTime LastSeen { get; set; }
}
