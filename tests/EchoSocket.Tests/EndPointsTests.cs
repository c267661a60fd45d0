using System.Linq;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Threading.Tasks;
using EchoSocket.Common;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Reading the addresses that Linux writes.</summary>
public unsafe class EndPointsTests
{
    // AF_INET6; port; flow label; address; scope id. Linux on x64 and ARM64 writes numbers with the low byte first, but the
    // port and the flow label in network order.
    private static readonly byte[] LinkLocal =
        [10, 0, 0x1F, 0x91, 1, 2, 3, 4, 0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0x15, 0xCD, 0x5B, 0x07];

    [Fact]
    public void An_IPv6_address_has_its_port_and_its_scope_id()
    {
        var endPoint = Read(LinkLocal);

        Assert.Equal(8081, endPoint.Port);
        Assert.Equal(123_456_789, endPoint.Address.ScopeId);
        Assert.Equal("fe80::7%123456789", endPoint.Address.ToString());
    }

    [Fact]
    public void An_IPv4_address_has_its_port()
    {
        byte[] address = [2, 0, 0x1F, 0x91, 192, 0, 2, 1, 9, 9, 9, 9, 9, 9, 9, 9];

        Assert.Equal(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 8081), Read(address));
    }

    [Fact]
    public void An_IPv4_mapped_address_is_shown_as_IPv4()
    {
        byte[] address = [10, 0, 0x1F, 0x91, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1, 0, 0, 0, 0];

        Assert.Equal(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 8081), Read(address));
    }

    private static IPEndPoint Read(byte[] bytes)
    {
        fixed (byte* address = bytes)
            return EndPoints.Read(address);
    }
}

/// <summary>Serving on an address that is only complete with its interface.</summary>
public class LinkLocalTests
{
    [Fact]
    public async Task A_client_on_a_link_local_address_is_shown_with_its_scope_id()
    {
        var address = NetworkInterface.GetAllNetworkInterfaces()
            .Where(i => i.OperationalStatus == OperationalStatus.Up)
            .SelectMany(i => i.GetIPProperties().UnicastAddresses)
            .Select(a => a.Address)
            .FirstOrDefault(a => a.IsIPv6LinkLocal && a.ScopeId != 0);
        Assert.SkipWhen(address is null, "this computer has no link-local address");
        using var server = EchoServer.Listen(new EchoServerOptions { Addresses = [address.ToString()], Port = 0 });
        var serving = Bounded.Start(() => server.ServeOne());
        using var client = Peers.Call(server.LocalEndPoint);
        var (local, remote) = (client.LocalEndPoint!.ToString(), client.RemoteEndPoint!.ToString());
        client.Shutdown(SocketShutdown.Both);

        var connection = await serving.Soon();

        Assert.Equal((local, remote), (connection!.RemoteEndPoint, connection.LocalEndPoint));
        Assert.Contains($"%{address.ScopeId}", connection.RemoteEndPoint, System.StringComparison.Ordinal);
    }
}
