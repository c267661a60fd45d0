using System;
using System.Linq;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EchoSocket.Common;

/// <summary>The size of the largest IP packet that a path takes in one piece, as far as this system knows. Immutable.</summary>
internal sealed class PathMtu(int bytes, string source)
{
    /// <summary>Every IPv4 host takes a packet of 576 bytes (RFC 791), and every IPv6 link one of 1,280: no need to ask about less.</summary>
    public const int AlwaysFits = 576 - 28;

    private static readonly bool IsLinux = RuntimeInformation.IsOSPlatform(OSPlatform.Linux);

    public int Bytes { get; } = bytes;

    /// <summary>Where the number comes from.</summary>
    public string Source { get; } = source;

    /// <summary>
    /// The MTU of the path of a connected socket. Linux learns it from ICMP messages of routers; before that, and on other systems, it
    /// is the MTU of the interface. Null if the system does not tell.
    /// </summary>
    public static PathMtu? Of(Socket socket)
    {
        if (!IsLinux)
            return OfInterface(((IPEndPoint)socket.LocalEndPoint!).Address);

        var bytes = Read(socket);
        return bytes > 0 ? new PathMtu(bytes, $"{(socket.AddressFamily == AddressFamily.InterNetwork ? "IP_MTU" : "IPV6_MTU")} of the socket") : null;
    }

    /// <summary>The MTU of the interface that has an address. Null if .NET does not tell.</summary>
    internal static PathMtu? OfInterface(IPAddress local)
    {
        try
        {
            var found = NetworkInterface.GetAllNetworkInterfaces()
                .FirstOrDefault(i => i.GetIPProperties().UnicastAddresses.Any(a => a.Address.Equals(local)));
            var properties = found?.GetIPProperties();
            var bytes = local.AddressFamily == AddressFamily.InterNetwork ? properties?.GetIPv4Properties()?.Mtu : properties?.GetIPv6Properties()?.Mtu;
            return bytes > 0 ? new PathMtu(bytes.Value, $"the MTU of the interface {found!.Name}") : null; // the loopback interface of Windows has -1
        }
        catch (Exception e) when (e is NetworkInformationException or PlatformNotSupportedException)
        {
            return null;
        }
    }

    private static unsafe int Read(Socket socket)
    {
        var (value, size) = (0, sizeof(int));
        var isIPv4 = socket.AddressFamily == AddressFamily.InterNetwork;
        var (level, name) = isIPv4 ? (Libc.IPLevel, Libc.IPMtu) : (Libc.IPv6Level, Libc.IPv6Mtu);
        return Libc.getsockopt((int)socket.Handle, level, name, (byte*)&value, &size) == 0 ? value : 0;
    }
}
