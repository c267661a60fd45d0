using System;
using EchoSocket.Serving;

namespace EchoSocket;

/// <summary>Where a UDP echo server listens, what it sends back, and its limits. A server takes a copy.</summary>
public sealed class EchoUdpServerOptions : EchoServiceOptions
{
    private long? _messageCount;
    private int _maxPeers = 1000;

    /// <summary>
    /// How many messages <see cref="EchoUdpServer.Serve"/> answers before it returns, 1 or more. Refused ones do not count. Default
    /// null: it serves until it is stopped.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long? MessageCount
    {
        get => _messageCount;
        set => _messageCount = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The number of messages to answer is 1 or more.");
    }

    /// <summary>How many peers are remembered, 1 or more; beyond that the one that was silent longest is forgotten. Default 1,000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MaxPeers
    {
        get => _maxPeers;
        set => _maxPeers = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The number of peers to remember is 1 or more.");
    }

    /// <summary>
    /// Whether messages from ports below 1024 are answered. Default false: their sender is easily forged, and the service on such a
    /// port (echo, chargen, DNS) might answer each reply, for ever (CVE-1999-0103).
    /// </summary>
    public bool AllowPrivilegedPort { get; set; }

    /// <summary>A copy, so that later changes do not reach a server.</summary>
    internal EchoUdpServerOptions Copy() => (EchoUdpServerOptions)MemberwiseClone();

    /// <summary>The size of the largest message; a test may choose a smaller one. IPv6 allows 65,527 bytes, IPv4 65,507.</summary>
    internal int BufferSize { get; set; } = 65536;

    /// <summary>Whether a socket chooses the address that each reply leaves from; a test may choose the way of other systems.</summary>
    internal bool ChooseSource { get; set; } = DatagramListeners.CanChooseSource;

    /// <summary>Lets a test put something around each socket.</summary>
    internal Func<Transport.IDatagramSocket, Transport.IDatagramSocket> Wrap { get; set; } = socket => socket;
}
