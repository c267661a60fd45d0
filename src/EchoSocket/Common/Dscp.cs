using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EchoSocket.Common;

/// <summary>
/// The differentiated services code point (RFC 2474) of the packets that a socket sends: the upper six bits of what was the type
/// of service in IPv4, and is the traffic class in IPv6. The lower two bits are for ECN (RFC 3168). Thread-safe.
/// </summary>
internal static unsafe class Dscp
{
    private const int Maximum = 63;

    // Microsoft's "IPPROTO_IP socket options" say of IP_TOS "Do not use", and article 248611 that setting it succeeds and marks nothing.
    internal const string WindowsLimitation =
        "Windows does not let a program mark its packets with a DSCP value: they go without. A QoS policy can mark them (New-NetQosPolicy -DSCPAction).";

    // <netinet/in.h>; .NET has no name for the traffic class.
    private const int IPv6Level = 41; // IPPROTO_IPV6
    private const int LinuxTrafficClass = 67; // IPV6_TCLASS
    private const int MacTrafficClass = 36;

    private static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);
    private static readonly int TrafficClass = RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? MacTrafficClass : LinuxTrafficClass;

    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public static int Checked(int value) => value is >= 0 and <= Maximum
        ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, $"A DSCP value is 0 to {Maximum}.");

    /// <summary>
    /// Marks the packets of a socket, as far as the system can; 0 changes nothing. Call it before the socket connects, so that its
    /// SYN is marked, too. What a listener accepts inherits the value.
    /// </summary>
    public static void Apply(Socket socket, int value)
    {
        if (value > 0)
            TryApply(socket, value);
    }

    /// <summary>What this system lacks, as sentences; null if nothing.</summary>
    public static string? Limitation(int value) => value == 0 ? null
        : IsWindows ? WindowsLimitation
        : !Works(AddressFamily.InterNetwork, value) ? "This system does not let a program mark its packets with a DSCP value: they go without."
        : Socket.OSSupportsIPv6 && !Works(AddressFamily.InterNetworkV6, value) ? "This system does not let a program mark its IPv6 packets with a DSCP value: they go without."
        : null;

    private static bool Works(AddressFamily family, int value)
    {
        using var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        return TryApply(socket, value);
    }

    private static bool TryApply(Socket socket, int value)
    {
        var field = value << 2;
        var hasIPv4 = TrySetTypeOfService(socket, field); // a dual-mode socket also sends IPv4 packets
        return socket.AddressFamily == AddressFamily.InterNetwork
            ? hasIPv4
            : !IsWindows && Libc.setsockopt((int)socket.Handle, IPv6Level, TrafficClass, (byte*)&field, sizeof(int)) == 0;
    }

    private static bool TrySetTypeOfService(Socket socket, int field)
    {
        try
        {
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService, field);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
