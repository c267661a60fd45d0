using System.Net.Sockets;

namespace EchoSocket.Common;

/// <summary>The sizes of UDP datagrams, which follow from their headers.</summary>
internal static class Datagrams
{
    public const int MaxSizeIPv4 = MaxPacket - 20 - 8;

    /// <summary>IPv6 does not count its own header.</summary>
    public const int MaxSizeIPv6 = MaxPacket - 8;

    private const int MaxPacket = 65535; // the length fields of IPv4, IPv6 and UDP have 16 bits

    /// <summary>The IP header, without options, and the UDP header.</summary>
    public static int HeaderSize(AddressFamily family) => family == AddressFamily.InterNetwork ? 20 + 8 : 40 + 8;

    /// <summary>The most bytes that a datagram carries.</summary>
    public static int MaxSize(AddressFamily family) => family == AddressFamily.InterNetwork ? MaxSizeIPv4 : MaxSizeIPv6;
}
