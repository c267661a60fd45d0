using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using EchoSocket.Connecting;
using Xunit;

namespace EchoSocket.Tests;

// Several addresses.
public abstract partial class ServeManyTests
{
    [Theory]
    [InlineData("127.0.0.1 ::1", "127.0.0.1 ::1")]
    [InlineData("127.0.0.1 127.0.0.2 127.0.0.1", "127.0.0.1 127.0.0.2")]
    [InlineData("0.0.0.0 ::", "0.0.0.0 ::")] // with an IPv4 address in the list, :: is for IPv6 alone
    [InlineData(":: 127.0.0.2", ":: 127.0.0.2")]
    public async Task A_server_on_several_addresses_serves_the_clients_of_each_on_one_port(string addresses, string listening)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6 || !listening.Contains(':'), "no IPv6 here");
        Assert.SkipUnless(OperatingSystem.IsLinux() || !listening.Contains("127.0.0.2"), "only Linux has all of 127.0.0.0/8");
        using var server = Start(o => o.Addresses = addresses.Split(' '));
        Assert.Equal(listening.Split(' '), server.Server.LocalEndPoints.Select(e => e.Address.ToString()));
        Assert.Single(server.Server.LocalEndPoints.Select(e => e.Port).Distinct());

        var clients = server.Server.LocalEndPoints.Select(e => TestClient.Connect(Reachable(e), Tls)).ToList();
        var endPoints = clients.Select(c => (c.Socket.RemoteEndPoint!.ToString(), c.LocalEndPoint!.ToString())).ToList();
        foreach (var client in clients)
        {
            client.Send("hi"u8);
            Assert.Equal("HI"u8, client.ReadExactly(2));
        }

        Assert.Equal(clients.Count, server.Server.ActiveConnections);
        clients.ForEach(c => c.Close());
        await server.Recorder.Ended(clients.Count);
        Assert.Equal(endPoints.Order(), server.Recorder.Connections.Select(c => (c.LocalEndPoint, c.RemoteEndPoint)).Order()!);

        await server.StopAsync();
        Assert.All(server.Server.LocalEndPoints, e => Assert.Throws<SocketException>(() => Peers.Call(Reachable(e))));
    }

    [Fact]
    public async Task The_limits_are_for_all_addresses_together()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux has all of 127.0.0.0/8");
        Assert.SkipWhen(Tls, "a handshake waits in the backlog, too");
        using var server = Start(o => (o.Addresses, o.MaxConnections, o.ConnectionCount) = (["127.0.0.1", "127.0.0.2"], 1, 2));
        var first = Peers.Client(server.Server.LocalEndPoints[0]);
        Exchange(first, "a");
        using (var second = Peers.Client(server.Server.LocalEndPoints[1]))
        {
            var waiting = Bounded.Start(() => Exchange(second, "b")); // in the backlog
            Assert.Equal("A", Exchange(first, "a"));
            Assert.Equal(1, server.Server.TotalConnections);
            first.Dispose();
            Assert.Equal("B", await waiting.Soon());
            Assert.All(server.Server.LocalEndPoints, e => Assert.Throws<SocketException>(() => Peers.Call(e)));
        }

        await server.Serving.Soon();
        Assert.Equal((2L, 1), (server.Server.TotalConnections, server.Recorder.MaxActiveConnections));
    }

    [Fact]
    public void A_name_stands_for_those_of_its_addresses_that_this_computer_has()
    {
        // 198.51.100.0/24 is for documentation (RFC 5737): no computer has it.
        var resolver = new NameResolver(_ => [IPAddress.Parse("198.51.100.1"), IPAddress.Loopback, IPAddress.Parse("198.51.100.2")], maxLookUps: 1);
        using var server = Start(o => (o.Addresses, o.Resolver) = (["server1"], resolver));

        Assert.Equal(["127.0.0.1"], server.Server.LocalEndPoints.Select(e => e.Address.ToString()));
    }

    private static IPEndPoint Reachable(IPEndPoint endPoint) => new(
        endPoint.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : endPoint.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : endPoint.Address,
        endPoint.Port);
}
