using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Connecting;
using Xunit;

namespace EchoSocket.Tests;

public class ServerBindTests
{
    [Fact]
    public void The_defaults_are_those_of_the_classroom_pair()
    {
        var options = new EchoServerOptions();

        Assert.Equal(["127.0.0.1"], options.Addresses);
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
        using var first = EchoServer.Listen(new EchoServerOptions { Addresses = [taken], Port = 0 });
        var options = new EchoServerOptions { Addresses = [asked], Port = first.LocalEndPoint.Port };

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
        var error = Assert.Throws<EchoException>(() => EchoServer.Listen(new EchoServerOptions { Addresses = ["192.0.2.1"], Port = 0 }));

        Assert.Equal(EchoError.AddressNotAvailable, error.Error);
    }

    [Fact]
    public void An_IPv6_address_beside_an_IPv4_address_takes_no_IPv4_clients()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6 && OperatingSystem.IsLinux(), "no IPv6 here, or no 127.0.0.2");
        using var server = EchoServer.Listen(new EchoServerOptions { Addresses = ["::", "127.0.0.1"], Port = 0 });

        Assert.Throws<SocketException>(() => Peers.Call(new IPEndPoint(IPAddress.Parse("127.0.0.2"), server.LocalEndPoint.Port)));
    }

    [Theory]
    [InlineData("198.51.100.1", EchoError.AddressNotAvailable)] // for documentation (RFC 5737): no computer has it
    [InlineData("", EchoError.HostNotFound)]
    public void A_name_without_an_address_of_this_computer_is_an_error_that_quotes_it(string address, EchoError expected)
    {
        var resolver = new NameResolver(_ => [.. address.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)], maxLookUps: 1);

        var error = Assert.Throws<EchoException>(() => EchoServer.Listen(new EchoServerOptions { Addresses = ["server1"], Port = 7, Resolver = resolver }));

        Assert.Equal((expected, address.Length == 0 ? "server1:7" : "198.51.100.1:7"), (error.Error, error.EndPoint));
    }

    [Fact]
    public void A_name_of_which_this_computer_has_no_address_is_an_error_that_quotes_it()
    {
        var resolver = new NameResolver(_ => [IPAddress.Parse("198.51.100.1"), IPAddress.Parse("198.51.100.2")], maxLookUps: 1);

        var error = Assert.Throws<EchoException>(() => EchoServer.Listen(new EchoServerOptions { Addresses = ["server1"], Port = 7, Resolver = resolver }));

        Assert.Equal((EchoError.AddressNotAvailable, "server1:7"), (error.Error, error.EndPoint));
        Assert.StartsWith("Cannot listen on server1:7: this computer does not have the address", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_for_a_name_ends_when_the_token_is_cancelled()
    {
        using var asked = new ManualResetEventSlim();
        using var answer = new ManualResetEventSlim();
        using var cancelled = new CancellationTokenSource();
        var resolver = new NameResolver(
            _ =>
            {
                asked.Set();
                answer.Wait(Bounded.Limit);
                return [IPAddress.Loopback];
            },
            maxLookUps: 1);

        var listening = Bounded.Start(() => EchoServer.Listen(new EchoServerOptions { Addresses = ["server1"], Port = 0, Resolver = resolver }, cancelled.Token));
        Assert.True(asked.Wait(Bounded.Limit));
        cancelled.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listening.Soon());
        answer.Set();
    }

    [Fact]
    public void If_one_of_several_addresses_can_not_be_bound_none_is()
    {
        using var taken = Peers.Listen();
        var port = taken.LocalEndPoint.Port;

        Assert.Equal(
            EchoError.AddressInUse,
            Assert.Throws<EchoException>(() => EchoServer.Listen(new EchoServerOptions { Addresses = ["::1", "127.0.0.1"], Port = port })).Error);

        using var other = EchoServer.Listen(new EchoServerOptions { Addresses = ["::1"], Port = port });
    }

    [Fact]
    public void Addresses_that_overlap_are_AddressInUse_with_port_0_too()
    {
        var error = Assert.Throws<EchoException>(() => EchoServer.Listen(new EchoServerOptions { Addresses = ["127.0.0.1", "0.0.0.0"], Port = 0 }));

        Assert.Equal(EchoError.AddressInUse, error.Error);
    }

    [Fact]
    public void A_link_local_address_without_its_interface_is_an_error_that_says_what_to_append()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Socket.OSSupportsIPv6, "other systems may choose an interface");

        var error = Assert.Throws<EchoException>(() => EchoServer.Listen(new EchoServerOptions { Addresses = ["fe80::7"], Port = 0 }));

        Assert.Equal(EchoError.AddressNotAvailable, error.Error);
        Assert.Contains("as in fe80::7%eth0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Addresses_that_are_none_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new EchoServerOptions { Addresses = [] });
        var error = Assert.Throws<ArgumentException>(() => new EchoServerOptions { Addresses = ["127.0.0.1", "[::1]:80"] });
        Assert.StartsWith("'[::1]:80' is not a name or an IP address. Give the port separately.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_IPv6_server_on_every_address_shows_an_IPv4_client_as_IPv4()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "no IPv6 here");
        using var server = EchoServer.Listen(new EchoServerOptions { Addresses = ["::"], Port = 0 });
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
