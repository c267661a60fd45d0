using System.Net;

namespace EchoSocket;

internal static class EndPoints
{
    /// <summary>A dual-mode socket shows an IPv4 peer as <c>::ffff:a.b.c.d</c>; it is shown as what it is.</summary>
    public static IPEndPoint Unmap(EndPoint endPoint) =>
        (IPEndPoint)endPoint is var ip && ip.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(Unmap(ip.Address), ip.Port) : ip;

    public static IPAddress Unmap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
