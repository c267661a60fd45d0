using System;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>
/// The address that a datagram was sent to, as a control message of Linux (ip(7), ipv6(7)): recvmmsg writes it, and sendmmsg sends
/// from the address in it.
/// </summary>
internal static unsafe class PacketInformation
{
    /// <summary>Room for the control messages of a datagram: an IPv6 socket gets one of each family for an IPv4 datagram.</summary>
    public const int MaxSize = 96;

    private const int IPLevel = 0; // IPPROTO_IP
    private const int IPInformation = 8; // IP_PKTINFO: asks for it, and is its type
    private const int IPv6Level = 41; // IPPROTO_IPV6
    private const int AskIPv6 = 49; // IPV6_RECVPKTINFO
    private const int IPv6Information = 50; // IPV6_PKTINFO

    // struct cmsghdr: its size, level and type.
    private static readonly int LevelOffset = IntPtr.Size;
    private static readonly int TypeOffset = IntPtr.Size + 4;
    private static readonly int HeaderSize = IntPtr.Size + 8;

    /// <summary>
    /// Whether a server on this endpoint needs it: a reply from a socket of one address leaves from that address anyway, but broadcasts
    /// come to it, too.
    /// </summary>
    public static bool IsNeeded(IPEndPoint local) => !IPAddress.IsLoopback(local.Address);

    /// <summary>
    /// Lets the socket report the address of every datagram. Call it before binding: for a datagram that comes earlier, the system does not
    /// know the address.
    /// </summary>
    public static void Ask(Socket socket)
    {
        var one = 1;
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
            _ = Libc.setsockopt((int)socket.Handle, IPv6Level, AskIPv6, (byte*)&one, sizeof(int));
        if (socket.AddressFamily == AddressFamily.InterNetwork || socket.DualMode)
            _ = Libc.setsockopt((int)socket.Handle, IPLevel, IPInformation, (byte*)&one, sizeof(int));
    }

    /// <summary>
    /// Makes of the control messages of a received datagram those of its reply, in place, and returns their size. Tells whether the
    /// datagram was sent to a broadcast or multicast address.
    /// </summary>
    public static int ToReply(byte* control, int size, out bool broadcast)
    {
        broadcast = false;
        for (var offset = 0; offset + HeaderSize <= size;)
        {
            var message = control + offset;
            var length = (int)*(UIntPtr*)message;
            var (level, type) = (*(int*)(message + LevelOffset), *(int*)(message + TypeOffset));
            var information = message + HeaderSize;
            if ((level, type) == (IPLevel, IPInformation))
                broadcast = PrepareIPv4(information);
            else if ((level, type) == (IPv6Level, IPv6Information) && !IsMapped(information))
                broadcast = PrepareIPv6(information);
            else
            {
                offset += Math.Max((length + IntPtr.Size - 1) & -IntPtr.Size, HeaderSize);
                continue;
            }

            Buffer.MemoryCopy(message, control, length, length);
            return length;
        }

        return 0;
    }

    // struct in_pktinfo: the interface, the local address, and the address in the datagram's header, which differ for a broadcast.
    // Without an interface the routing table decides, as for any other reply.
    private static bool PrepareIPv4(byte* information)
    {
        *(int*)information = 0;
        return *(uint*)(information + 4) != *(uint*)(information + 8);
    }

    // struct in6_pktinfo: the address and the interface. A link-local address needs its interface.
    private static bool PrepareIPv6(byte* information)
    {
        if (information[0] != 0xFE || (information[1] & 0xC0) != 0x80)
            *(int*)(information + 16) = 0;
        return information[0] == 0xFF;
    }

    private static bool IsMapped(byte* address) =>
        *(ulong*)address == 0 && *(ushort*)(address + 8) == 0 && *(ushort*)(address + 10) == 0xFFFF;
}
