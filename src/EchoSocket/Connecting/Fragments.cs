using System.Net.Sockets;
using System.Runtime.InteropServices;
using EchoSocket.Common;

namespace EchoSocket.Connecting;

/// <summary>
/// Keeps datagrams that are larger than the path MTU (RFC 1191, RFC 8201) from being cut into fragments. Thread-safe.
/// </summary>
internal static unsafe class Fragments
{
    // Linux: ip(7), ipv6(7).
    private const int IPv4Discover = 10; // IP_MTU_DISCOVER
    private const int IPv6Discover = 23; // IPV6_MTU_DISCOVER
    private const int AlwaysForbid = 2; // IP_PMTUDISC_DO, IPV6_PMTUDISC_DO
    private const int Probe = 3; // IP_PMTUDISC_PROBE, IPV6_PMTUDISC_PROBE

    private const SocketOptionName WindowsIPv6DontFragment = (SocketOptionName)14; // IPV6_DONTFRAG

    /// <summary>Makes the socket refuse datagrams above the path MTU, instead of cutting them into fragments.</summary>
    /// <param name="socket">A socket for datagrams.</param>
    /// <param name="probe">
    /// True to send what is above the path MTU that the system remembers from earlier, but not above that of the interface. Only
    /// Linux makes a difference.
    /// </param>
    /// <exception cref="SocketException">This system can't do it.</exception>
    public static void Forbid(Socket socket, bool probe = false)
    {
        var isIPv6 = socket.AddressFamily == AddressFamily.InterNetworkV6;
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
        {
            var value = probe ? Probe : AlwaysForbid;
            if (Libc.setsockopt((int)socket.Handle, isIPv6 ? Libc.IPv6Level : Libc.IPLevel, isIPv6 ? IPv6Discover : IPv4Discover, (byte*)&value, sizeof(int)) != 0)
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
}
