using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

public class ServerBindTests
{
    [Fact]
    public void The_defaults_are_those_of_the_classroom_pair()
    {
        var options = new EchoServerOptions();

        Assert.Equal(IPAddress.Loopback, options.Address);
        Assert.Equal(8081, options.Port);
        Assert.Equal(EchoTransform.Upper, options.Transform);
    }

    [Fact]
    public void Port_zero_takes_a_free_port()
    {
        using var one = Peers.Listen();
        using var two = Peers.Listen();

        Assert.InRange(one.LocalEndPoint.Port, 1, 65535);
        Assert.NotEqual(one.LocalEndPoint.Port, two.LocalEndPoint.Port);
    }

    [Fact]
    public void Two_servers_never_share_a_port()
    {
        using var first = Peers.Listen();

        var error = Assert.Throws<EchoException>(() => EchoServer.Listen(new EchoServerOptions { Port = first.LocalEndPoint.Port }));

        Assert.Equal(EchoError.AddressInUse, error.Error);
        Assert.Equal(first.LocalEndPoint.ToString(), error.EndPoint);
        Assert.Contains(first.LocalEndPoint.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("127.0.0.1", "0.0.0.0")]
    public void A_port_that_is_taken_on_an_overlapping_address_is_AddressInUse_and_the_message_claims_no_more(string taken, string asked)
    {
        using var first = EchoServer.Listen(new EchoServerOptions { Address = IPAddress.Parse(taken), Port = 0 });
        var options = new EchoServerOptions { Address = IPAddress.Parse(asked), Port = first.LocalEndPoint.Port };

        var error = Assert.Throws<EchoException>(() => EchoServer.Listen(options));

        Assert.Equal(EchoError.AddressInUse, error.Error);
        Assert.StartsWith(
            $"Cannot listen on {asked}:{options.Port}: another program already uses this port, on this address or on one that overlaps with it",
            error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_of_one_client_refuses_further_ones_while_it_serves()
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());
        using (var client = Peers.Call(server.LocalEndPoint))
        {
            client.Send("x"u8);
            client.ReadExactly(1);

            var error = Assert.Throws<SocketException>(() => Peers.Call(server.LocalEndPoint));

            Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
            client.Send("y"u8);
            Assert.Equal("Y"u8, client.ReadExactly(1));
        }

        await serving.Soon();
    }

    [Fact]
    public async Task A_second_call_to_serve_throws_and_does_not_disturb_the_first()
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());
        using (var client = Peers.Call(server.LocalEndPoint))
        {
            client.Send("x"u8);
            client.ReadExactly(1);

            var error = Assert.Throws<InvalidOperationException>(() => server.ServeMany());

            Assert.Contains(server.LocalEndPoint.ToString(), error.Message, StringComparison.Ordinal);
            client.Send("y"u8);
            Assert.Equal("Y"u8, client.ReadExactly(1));
        }

        Assert.Equal(EndReason.PeerClosed, (await serving.Soon())!.EndReason);
        Assert.Throws<InvalidOperationException>(() => server.ServeOne());
        server.Stop();
        Assert.Null(server.ServeOne()); // and does not wait
    }

    [Fact]
    public async Task A_port_can_be_bound_again_at_once_after_a_connection_the_server_ended()
    {
        var port = 0;
        for (var round = 0; round < 3; round++)
        {
            using var server = EchoServer.Listen(new EchoServerOptions { Port = port });
            port = server.LocalEndPoint.Port;
            var serving = Bounded.Start(() => server.ServeOne());
            using var client = Peers.Call(server.LocalEndPoint);
            client.Send("x"u8);
            client.ReadExactly(1);
            server.Stop(); // the server closes first, so its side is the one left in TIME-WAIT
            await serving.Soon();
        }
    }

    [Fact]
    public void An_address_that_is_not_ours_is_AddressNotAvailable()
    {
        // 192.0.2.0/24 is for documentation (RFC 5737): no computer has it.
        var error = Assert.Throws<EchoException>(() => EchoServer.Listen(new EchoServerOptions { Address = IPAddress.Parse("192.0.2.1"), Port = 0 }));

        Assert.Equal(EchoError.AddressNotAvailable, error.Error);
    }

    [Fact]
    public async Task An_IPv6_server_on_every_address_shows_an_IPv4_client_as_IPv4()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "no IPv6 here");
        using var server = EchoServer.Listen(new EchoServerOptions { Address = IPAddress.IPv6Any, Port = 0 });
        var serving = Bounded.Start(() => server.ServeOne());
        var client = Peers.Call(new IPEndPoint(IPAddress.Loopback, server.LocalEndPoint.Port));
        var name = client.LocalEndPoint!.ToString();
        client.Close();

        var connection = await serving.Soon();

        Assert.Equal(name, connection!.RemoteEndPoint);
        Assert.StartsWith("127.0.0.1:", connection.LocalEndPoint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65536)]
    public void A_port_out_of_range_is_refused(int port) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoServerOptions { Port = port });

    [Fact]
    public async Task Options_that_change_after_Listen_do_not_reach_the_server()
    {
        var options = new EchoServerOptions { Port = 0 };
        using var server = EchoServer.Listen(options);
        (options.Transform, options.IdleTimeout) = (EchoTransform.None, TimeSpan.FromMilliseconds(1));
        var serving = Bounded.Start(() => server.ServeOne());

        using (var client = Peers.Call(server.LocalEndPoint))
        {
            client.Send("x"u8);
            Assert.Equal("X"u8, client.ReadExactly(1));
        }

        Assert.Equal(EndReason.PeerClosed, (await serving.Soon())!.EndReason);
    }

    [Fact]
    public void A_backlog_of_zero_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoServerOptions { Backlog = 0 });
}
