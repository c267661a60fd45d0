using System.Net.Sockets;
using System.Runtime.InteropServices;
using EchoSocket.Common;

namespace EchoSocket.Connecting;

/// <summary>
/// How large a datagram may be: for its protocol, and for the path, whose largest packet is the path MTU (RFC 1191, RFC 8201).
/// Thread-safe.
/// </summary>
internal static unsafe class PathMtu
{
    public const int UdpHeader = 8;

    /// <summary>The headers of IPv4, without options, and of UDP.</summary>
    public const int IPv4Headers = 20 + UdpHeader;

    /// <summary>The headers of IPv6, without extensions, and of UDP.</summary>
    public const int IPv6Headers = 40 + UdpHeader;

    // Linux: ip(7), ipv6(7).
    private const int IPv4Level = 0; // IPPROTO_IP
    private const int IPv6Level = 41; // IPPROTO_IPV6
    private const int IPv4Discover = 10; // IP_MTU_DISCOVER
    private const int IPv6Discover = 23; // IPV6_MTU_DISCOVER
    private const int Forbid = 2; // IP_PMTUDISC_DO, IPV6_PMTUDISC_DO
    private const int Probe = 3; // IP_PMTUDISC_PROBE, IPV6_PMTUDISC_PROBE
    private const int IPv4Mtu = 14; // IP_MTU
    private const int IPv6Mtu = 24; // IPV6_MTU

    private const SocketOptionName WindowsIPv6DontFragment = (SocketOptionName)14; // IPV6_DONTFRAG

    public static int HeadersOf(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? IPv6Headers : IPv4Headers;

    /// <summary>The largest message that a datagram can hold. The length of an IPv6 packet does not count the header of IPv6.</summary>
    public static int MaxMessageSize(AddressFamily family) =>
        ushort.MaxValue - (family == AddressFamily.InterNetworkV6 ? UdpHeader : IPv4Headers);

    /// <summary>Makes the socket refuse datagrams above the path MTU, instead of cutting them into fragments.</summary>
    /// <param name="socket">A socket for datagrams.</param>
    /// <param name="probe">
    /// True to send what is above the path MTU that the system remembers from earlier, but not above that of the interface. Only
    /// Linux makes a difference.
    /// </param>
    /// <exception cref="SocketException">This system can't do it.</exception>
    public static void ForbidFragments(Socket socket, bool probe = false)
    {
        var isIPv6 = socket.AddressFamily == AddressFamily.InterNetworkV6;
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
        {
            var value = probe ? Probe : Forbid;
            if (Libc.setsockopt((int)socket.Handle, isIPv6 ? IPv6Level : IPv4Level, isIPv6 ? IPv6Discover : IPv4Discover, (byte*)&value, sizeof(int)) != 0)
                throw new SocketException((int)SocketError.ProtocolOption);
        }
        else if (isIPv6)
        {
            socket.SetSocketOption(SocketOptionLevel.IPv6, WindowsIPv6DontFragment, true);
        }
        else
        {
            socket.DontFragment = true;
        }
    }

    /// <summary>The path MTU that the system knows for a connected socket; null where it does not tell.</summary>
    public static int? Known(Socket socket)
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
            return null;

        var isIPv6 = socket.AddressFamily == AddressFamily.InterNetworkV6;
        var (value, size) = (0, sizeof(int));
        return Libc.getsockopt((int)socket.Handle, isIPv6 ? IPv6Level : IPv4Level, isIPv6 ? IPv6Mtu : IPv4Mtu, (byte*)&value, &size) == 0 && value > 0
            ? value
            : null;
    }
}
