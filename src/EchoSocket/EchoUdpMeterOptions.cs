using System;
using EchoSocket.Common;
using EchoSocket.Measuring;

namespace EchoSocket;

/// <summary>
/// Which UDP echo server to measure, and how. A message is a datagram, and a connection is a socket with a port of its own. The
/// options for TLS and keep-alive are not for UDP. Not thread-safe. A meter copies them when it is created.
/// </summary>
public sealed class EchoUdpMeterOptions : EchoMeterOptions
{
    /// <summary>The smallest message size in bytes: each datagram carries its number and its socket's.</summary>
    public const int MinMessageSize = DatagramHeader.Size;

    /// <summary>The largest message size in bytes, over IPv6. Over IPv4 it is <see cref="MaxIPv4MessageSize"/>.</summary>
    public new const int MaxMessageSize = Datagrams.MaxSizeIPv6;

    /// <summary>The largest message size in bytes over IPv4: 65,535 without the headers of IPv4 and UDP.</summary>
    public const int MaxIPv4MessageSize = Datagrams.MaxSizeIPv4;

    /// <summary>
    /// Sets the defaults. <see cref="EchoClientOptions.OperationTimeout"/>, after which a datagram counts as lost, is 1 s. With a
    /// <see cref="EchoMeterOptions.Rate"/>, <see cref="EchoMeterOptions.InFlight"/> is <see cref="EchoMeterOptions.MaxInFlight"/>,
    /// so that a lost datagram does not hold back those that are due after it.
    /// </summary>
    public EchoUdpMeterOptions() => OperationTimeout = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Forbids this computer and all routers to cut a datagram into fragments. One that is too large for the path is then
    /// <see cref="EchoError.MessageTooLarge"/>, or it is lost. Default false.
    /// </summary>
    public bool DontFragment { get; set; }

    private protected override int DefaultInFlight => Rate is null ? 1 : MaxInFlight;

    private protected override int MinSize => MinMessageSize;

    private protected override int MaxSize => MaxMessageSize;
}
