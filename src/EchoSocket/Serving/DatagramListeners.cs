using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>Opens a UDP server's sockets.</summary>
internal static class DatagramListeners
{
    /// <summary>Whether a socket can choose the address that each reply leaves from.</summary>
    public static readonly bool CanChooseSource = RuntimeInformation.IsOSPlatform(OSPlatform.Linux);

    private const int ReceiveBufferSize = 1024 * 1024; // a burst waits there

    /// <inheritdoc cref="Binding.Open"/>
    /// <param name="hosts">The hosts, each with its addresses.</param>
    /// <param name="port">The port; 0 for a free one.</param>
    /// <param name="chooseSource">False for a socket for each address of this computer in place of one for all.</param>
    public static Socket[] Open(IReadOnlyList<KeyValuePair<string, IPAddress[]>> hosts, int port, bool chooseSource)
    {
        if (!chooseSource)
        {
            var dual = Binding.IsDual(hosts);
            hosts = [.. hosts.Select(host => new KeyValuePair<string, IPAddress[]>(host.Key, [.. host.Value.SelectMany(address => Each(address, dual))]))];
        }

        return Binding.Open(hosts, port, (endPoint, dual) => Bind(endPoint, dual, chooseSource));
    }

    /// <summary>A way to use a bound socket.</summary>
    public static IDatagramSocket Wrap(Socket socket, bool chooseSource, int size) =>
        chooseSource ? new BatchSocket(socket, size) : new SingleSocket(socket, size);

    private static IEnumerable<IPAddress> Each(IPAddress address, bool dual) =>
        address.Equals(IPAddress.Any) ? EndPoints.InterfaceAddresses().Where(own => own.AddressFamily == AddressFamily.InterNetwork)
        : address.Equals(IPAddress.IPv6Any) ? EndPoints.InterfaceAddresses().Where(own => dual || own.AddressFamily == AddressFamily.InterNetworkV6)
        : [address];

    private static Socket Bind(IPEndPoint endPoint, bool dual, bool chooseSource)
    {
        if (IsMulticast(endPoint.Address))
            throw new SocketException((int)SocketError.AddressNotAvailable); // Linux would bind it

        return Binding.Bind(new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp), endPoint, dual, socket =>
        {
            socket.ReceiveBufferSize = ReceiveBufferSize;
            if (chooseSource && PacketInformation.IsNeeded(endPoint))
                PacketInformation.Ask(socket);
            socket.Bind(endPoint);
        });
    }

    // Or the limited broadcast address, which no computer has either.
    private static bool IsMulticast(IPAddress address) =>
        address.IsIPv6Multicast || (address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes()[0] >= 224);
}
