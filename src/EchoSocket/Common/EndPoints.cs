using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EchoSocket.Common;

internal static class EndPoints
{
    /// <summary>Room for an IPv4 or IPv6 address: the size of <c>struct sockaddr_in6</c>, the larger of the two.</summary>
    public const int AddressSize = 28;

    private const int InternetFamily = 2; // AF_INET

    /// <summary>Turns the IPv4-mapped address <c>::ffff:a.b.c.d</c>, which a dual-mode socket reports for an IPv4 peer, into IPv4.</summary>
    public static IPEndPoint Unmap(EndPoint endPoint) =>
        (IPEndPoint)endPoint is var ip && ip.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(Unmap(ip.Address), ip.Port) : ip;

    public static IPAddress Unmap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>
    /// The peer of a connected socket; the address 0.0.0.0 if the peer has reset the connection already. The next read or send
    /// tells of that.
    /// </summary>
    public static IPEndPoint Peer(Socket socket)
    {
        try
        {
            return Unmap(socket.RemoteEndPoint!);
        }
        catch (SocketException)
        {
            return new IPEndPoint(IPAddress.Any, 0);
        }
    }

    /// <summary>The addresses of this computer's network interfaces, link-local ones with their interface.</summary>
    public static IEnumerable<IPAddress> InterfaceAddresses() => NetworkInterface.GetAllNetworkInterfaces()
        .SelectMany(network => network.GetIPProperties().UnicastAddresses)
        .Select(address => address.Address);

    /// <summary>The addresses of this computer's network interfaces, without interfaces.</summary>
    public static IEnumerable<IPAddress> OwnAddresses() => InterfaceAddresses()
        .Select(address => address.IsIPv6LinkLocal ? new IPAddress(address.GetAddressBytes()) : address);

    /// <summary>Reads a <c>struct sockaddr_in</c> or <c>sockaddr_in6</c> of Linux (ip(7), ipv6(7)).</summary>
    public static unsafe IPEndPoint Read(byte* address)
    {
        var port = (address[2] << 8) | address[3];
        if (*(ushort*)address == InternetFamily)
            return new IPEndPoint(new IPAddress(*(uint*)(address + 4)), port);

        var bytes = new byte[16];
        Marshal.Copy((IntPtr)(address + 8), bytes, 0, bytes.Length);
        return Unmap(new IPEndPoint(new IPAddress(bytes, *(uint*)(address + 24)), port));
    }
}
