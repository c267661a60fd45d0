using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Connecting;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>How a client connects, and what it reports if it cannot.</summary>
public class ConnectTests
{
    [Fact]
    public void A_port_without_a_listener_is_ConnectionRefused()
    {
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound, so that no other socket can listen on the port
        var endPoint = (IPEndPoint)bound.LocalEndPoint!;

        var error = Assert.Throws<EchoException>(() => Peers.Client(endPoint));

        Assert.Equal(EchoError.ConnectionRefused, error.Error);
        Assert.Equal(endPoint.ToString(), error.EndPoint);
        Assert.Contains(endPoint.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_name_is_HostNotFound()
    {
        const string host = "no-such-host.invalid"; // RFC 2606: no name under .invalid ever exists
        var error = Assert.Throws<EchoException>(() => EchoClient.Connect(new EchoClientOptions { Host = host, Port = 9 }));

        Assert.Equal(EchoError.HostNotFound, error.Error);
        Assert.Contains(host, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_too_long_is_HostNotFound() =>
        Assert.Equal(
            EchoError.HostNotFound,
            Assert.Throws<EchoException>(() => EchoClient.Connect(new EchoClientOptions { Host = new string('x', 300) })).Error);

    [Fact]
    public async Task A_name_is_resolved_and_each_of_its_addresses_tried()
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());

        using (var client = EchoClient.Connect(new EchoClientOptions { Host = "localhost", Port = server.LocalEndPoint.Port }))
            Assert.Equal(server.LocalEndPoint.ToString(), client.RemoteEndPoint);

        await serving.Soon();
    }

    [Fact]
    public void No_connection_in_time_is_ConnectionTimeout()
    {
        using var full = FullBacklog.Create();
        var options = new EchoClientOptions { Port = full.EndPoint.Port, ConnectionTimeout = TimeSpan.FromMilliseconds(200) };

        var clock = Stopwatch.StartNew();
        var error = Assert.Throws<EchoException>(() => EchoClient.Connect(options));

        Assert.Equal(EchoError.ConnectionTimeout, error.Error);
        Assert.Contains("within 0.2 s", error.Message, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed, TimeSpan.FromMilliseconds(150), Bounded.Limit);
    }

    [Fact]
    public async Task A_connection_attempt_can_be_cancelled()
    {
        using var full = FullBacklog.Create();
        using var cancellation = new CancellationTokenSource();
        var connecting = Bounded.Start(() => Peers.Client(full.EndPoint, cancellation: cancellation.Token));

        cancellation.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.Soon(Bounded.Promptly));
    }

    [Fact]
    public async Task An_IPv4_mapped_address_is_connected_to_as_IPv4()
    {
        using var server = EchoServer.Listen(new EchoServerOptions { Addresses = ["::ffff:127.0.0.1"], Port = 0 });
        var serving = Bounded.Start(() => server.ServeOne());

        using (var client = EchoClient.Connect(new EchoClientOptions { Host = "::ffff:127.0.0.1", Port = server.LocalEndPoint.Port }))
            Assert.Equal($"127.0.0.1:{server.LocalEndPoint.Port}", client.RemoteEndPoint);

        await serving.Soon();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(3_000_000_000)]
    public void A_timeout_out_of_range_is_refused(double milliseconds)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoClientOptions { ConnectionTimeout = TimeSpan.FromMilliseconds(milliseconds) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoClientOptions { OperationTimeout = TimeSpan.FromMilliseconds(milliseconds) });
    }

    [Theory]
    [InlineData("[::1]:80")]
    [InlineData("[::1]:")]
    [InlineData("127.0.0.1:80")]
    [InlineData("localhost:80")]
    [InlineData("tcp://localhost")]
    [InlineData(":80")]
    public void A_host_that_names_a_port_is_refused_before_anything_is_opened(string host)
    {
        var ofOptions = Assert.Throws<ArgumentException>(() => new EchoClientOptions { Host = host });
        var ofProbe = Assert.Throws<ArgumentException>(() => PathProbe.Run(host, 9, Bounded.Limit));

        Assert.Equal($"'{host}' is not a name or an IP address. Give the port separately.", ofOptions.Message);
        Assert.Equal(ofOptions.Message, ofProbe.Message);
    }

    [Theory]
    [InlineData("7007", "0.0.27.95")]
    [InlineData("0", "0.0.0.0")]
    [InlineData("192.168.1", "192.168.0.1")]
    [InlineData("010.0.0.1", "8.0.0.1")]
    [InlineData("0x7f000001", "127.0.0.1")]
    public void A_host_that_the_system_would_take_for_another_address_is_refused_and_that_address_named(string host, string address)
    {
        var error = Assert.Throws<ArgumentException>(() => new EchoClientOptions { Host = host });

        Assert.StartsWith($"'{host}' is not a name or an IP address. The system would take it for {address}.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fe80::1%nosuchinterface")]
    [InlineData("[fe80::1%nosuchinterface]")]
    public void An_address_on_an_interface_that_does_not_exist_is_refused(string host)
    {
        var error = Assert.Throws<ArgumentException>(() => new EchoClientOptions { Host = host });

        Assert.Equal($"'{host}' is not a name or an IP address. This computer has no interface 'nosuchinterface'.", error.Message);
    }

    [Theory]
    [InlineData("256.1.1.1")]
    [InlineData("1.2.3.4.5")]
    [InlineData("127.0.0.1.")]
    [InlineData("99999999999")]
    [InlineData("server 1")]
    [InlineData("server1\n")]
    [InlineData("server1\u00A0")]
    [InlineData("@{Name=server1}")]
    [InlineData("CN=server1,DC=example")]
    [InlineData("server1/echo")]
    [InlineData("*")]
    [InlineData("")]
    [InlineData(null)]
    public void Text_that_is_neither_a_name_nor_an_address_is_refused(string? host)
    {
        var error = Assert.Throws<ArgumentException>(() => new EchoClientOptions { Host = host! });

        var shown = host?.Replace("\n", @"\n", StringComparison.Ordinal);
        Assert.StartsWith($"'{shown}' is not a name or an IP address.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_says_which_addresses_of_a_name_were_tried()
    {
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Any, 0));
        var port = ((IPEndPoint)bound.LocalEndPoint!).Port;
        var resolver = new NameResolver(_ => [IPAddress.Loopback, IPAddress.Parse("127.0.0.2")], 1);

        var ofName = Assert.Throws<EchoException>(() => EchoClient.Connect(new EchoClientOptions { Host = "two", Port = port, Resolver = resolver }));
        var ofAddress = Assert.Throws<EchoException>(() => EchoClient.Connect(new EchoClientOptions { Port = port }));

        Assert.Contains($" (tried 127.0.0.1:{port}, 127.0.0.2:{port}). ", ofName.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("tried", ofAddress.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_are_required() => Assert.Throws<ArgumentNullException>("options", () => EchoClient.Connect(null!));

    [Fact]
    public void The_bounds_of_ports_and_time_outs_are_allowed()
    {
        var options = new EchoClientOptions { Port = 65535, ConnectionTimeout = TimeSpan.FromMilliseconds(1), OperationTimeout = EchoClientOptions.MaximumTimeout };

        Assert.Equal((65535, 1.0), (options.Port, options.ConnectionTimeout.TotalMilliseconds));
        Assert.Equal(1, new EchoClientOptions { Port = 1 }.Port);
        Assert.Equal(("127.0.0.1", 8081), (new EchoClientOptions().Host, new EchoClientOptions().Port));
    }

    [Theory]
    [InlineData("::1")]
    [InlineData("[::1]")]
    [InlineData("fe80::1%1")]
    [InlineData("10.0.0.1")]
    [InlineData("server1")]
    [InlineData("1server")]
    [InlineData("_echo._tcp.example.com.")]
    [InlineData("bücher.example")]
    public void A_host_is_a_name_or_an_address(string host) => Assert.Equal(host, new EchoClientOptions { Host = host }.Host);

    [Fact]
    public async Task An_IPv6_address_may_be_in_brackets()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "no IPv6 here");
        using var server = EchoServer.Listen(new EchoServerOptions { Addresses = ["::1"], Port = 0 });
        var serving = Bounded.Start(() => server.ServeOne());

        using (var client = EchoClient.Connect(new EchoClientOptions { Host = "[::1]", Port = server.LocalEndPoint.Port }))
            Assert.Equal((server.LocalEndPoint.ToString(), client.EndPoint), (client.RemoteEndPoint, client.RemoteEndPoint));

        await serving.Soon();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65536)]
    public void A_port_out_of_range_is_refused(int port) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoClientOptions { Port = port });
}
