using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;
using EchoSocket.Connecting;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The UDP client: which datagram is a message's reply, and how a message fails.</summary>
public class EchoUdpClientTests
{
    private static readonly byte[] Hello = "hello"u8.ToArray();

    private readonly byte[] _reply = new byte[70_000];

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void A_message_comes_back(string address)
    {
        Assert.SkipUnless(address == "127.0.0.1" || Socket.OSSupportsIPv6, "no IPv6");
        using var server = new DatagramServer(IPAddress.Parse(address), 0);
        using var client = Open(server);

        var time = client.Exchange(Hello, 5, _reply);

        Assert.Equal("HELLO", Encoding.ASCII.GetString(_reply, 0, 5));
        Assert.InRange(time, TimeSpan.FromTicks(1), Bounded.Limit);
        Assert.Equal((server.EndPoint.ToString(), server.EndPoint.ToString()), (client.EndPoint, client.RemoteEndPoint));
        Assert.Equal(server.Received.Single().From.ToString(), client.LocalEndPoint);
        Assert.Null(client.Warning);
    }

    [Fact]
    public void A_server_that_changes_nothing_echoes_too()
    {
        using var server = new DatagramServer((s, from, bytes) => s.Send(from, bytes));
        using var client = Open(server);

        client.Exchange(Hello, 5, _reply);

        Assert.Equal("hello", Encoding.ASCII.GetString(_reply, 0, 5));
    }

    [Fact]
    public void Each_message_goes_from_a_port_of_its_own()
    {
        using var server = new DatagramServer();
        using var client = Open(server);
        for (var i = 0; i < 300; i++)
            client.Exchange(Hello, 5, _reply);

        var ports = server.Received.Select(r => r.From.Port).ToArray();
        Assert.Equal(300, ports.Length);
        Assert.DoesNotContain(ports.Zip(ports.Skip(1)), pair => pair.First == pair.Second);
    }

    [Fact]
    public async Task A_lost_reply_says_so_and_the_next_message_goes_on()
    {
        using var server = new DatagramServer(DatagramServer.Lose, DatagramServer.Echo);
        using var client = Open(server, operationTimeout: 0.2);

        var error = Assert.Throws<EchoException>(() => client.Exchange(Hello, 5, _reply));

        Assert.Equal(EchoError.OperationTimeout, error.Error);
        Assert.Contains("within 0.2 s: the message or its reply is lost", error.Message, StringComparison.Ordinal);
        client.Exchange(Hello, 5, _reply);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_late_reply_is_not_taken_for_the_next_messages()
    {
        IPEndPoint? first = null;
        using var server = new DatagramServer((_, from, _) => first = from, (s, _, _) => s.Send(first!, "HELLO"u8.ToArray()), DatagramServer.Echo);
        using var client = Open(server, operationTimeout: 0.2);

        Assert.Equal(EchoError.OperationTimeout, Assert.Throws<EchoException>(() => client.Exchange(Hello, 5, _reply)).Error);
        Assert.Equal(EchoError.OperationTimeout, Assert.Throws<EchoException>(() => client.Exchange(Hello, 5, _reply)).Error);
        client.Exchange(Hello, 5, _reply);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_duplicate_reply_is_not_taken_for_the_next_messages()
    {
        using var server = new DatagramServer(
            (s, from, bytes) =>
            {
                for (var i = 0; i < 3; i++)
                    s.Send(from, bytes);
            },
            DatagramServer.Lose);
        using var client = Open(server, operationTimeout: 0.2);

        client.Exchange(Hello, 5, _reply);

        Assert.Equal(EchoError.OperationTimeout, Assert.Throws<EchoException>(() => client.Exchange(Hello, 5, _reply)).Error);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_stray_datagram_is_ignored_if_the_echo_follows()
    {
        using var server = new DatagramServer((s, from, bytes) =>
        {
            s.Send(from, "stray"u8.ToArray());
            s.Send(from, []);
            s.Send(from, bytes);
        });
        using var client = Open(server);

        client.Exchange(Hello, 5, _reply);

        Assert.Equal("hello", Encoding.ASCII.GetString(_reply, 0, 5));
        await server.Done.Soon();
    }

    [Theory]
    [InlineData("HELLo", @": the first wrong byte is at offset 4 of 5; it sent ""HELLo"".")]
    [InlineData("sorry\n", @": its datagram has 6 bytes rather than 5: ""sorry\n"".")]
    [InlineData("", @": its datagram has 0 bytes rather than 5: """".")]
    public async Task Something_else_without_an_echo_is_ReplyMismatch_long_before_the_time_is_up(string answer, string shown)
    {
        using var server = new DatagramServer((s, from, _) => s.Send(from, Encoding.ASCII.GetBytes(answer)), DatagramServer.Echo);
        using var client = Open(server, operationTimeout: 600);

        var exchange = Bounded.Start(() => client.Exchange(Hello, 5, _reply));
        var error = await Assert.ThrowsAsync<EchoException>(() => exchange.Soon());

        Assert.Equal(EchoError.ReplyMismatch, error.Error);
        Assert.StartsWith($"{server.EndPoint} answered something else{shown}", error.Message, StringComparison.Ordinal);
        client.Exchange(Hello, 5, _reply);
        await server.Done.Soon();
    }

    [Fact]
    public async Task Something_else_without_an_echo_is_ReplyMismatch_when_the_time_is_up()
    {
        using var server = new DatagramServer((s, from, _) => s.Send(from, "sorry"u8.ToArray()), DatagramServer.Lose);
        using var client = Open(server, operationTimeout: 0.2);

        Assert.Equal(EchoError.ReplyMismatch, Assert.Throws<EchoException>(() => client.Exchange(Hello, 5, _reply)).Error);
        Assert.Equal(EchoError.OperationTimeout, Assert.Throws<EchoException>(() => client.Exchange(Hello, 5, _reply)).Error);
        await server.Done.Soon();
    }

    [Fact]
    public async Task AnyReply_takes_other_bytes_of_the_same_size()
    {
        using var server = new DatagramServer((s, from, _) =>
        {
            s.Send(from, "longer"u8.ToArray());
            s.Send(from, "olleh"u8.ToArray());
        });
        using var client = Open(server, anyReply: true);

        client.Exchange(Hello, 5, _reply);

        Assert.Equal("olleh", Encoding.ASCII.GetString(_reply, 0, 5));
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_datagram_from_elsewhere_is_never_seen()
    {
        using var other = new DatagramServer(DatagramServer.Lose);
        using var server = new DatagramServer((_, from, bytes) => other.Send(from, bytes));
        using var client = Open(server, operationTimeout: 0.2);

        Assert.Equal(EchoError.OperationTimeout, Assert.Throws<EchoException>(() => client.Exchange(Hello, 5, _reply)).Error);
        await server.Done.Soon();
    }

    [Fact]
    public void A_port_that_nothing_listens_on_is_ConnectionRefused_until_a_server_starts()
    {
        var port = FreePort();
        using var client = Open(new IPEndPoint(IPAddress.Loopback, port));

        var error = Assert.Throws<EchoException>(() => client.Exchange(Hello, 5, _reply));

        Assert.Equal(EchoError.ConnectionRefused, error.Error);
        Assert.Contains("ICMP port unreachable", error.Message, StringComparison.Ordinal);
        using var server = new DatagramServer(IPAddress.Loopback, port);
        client.Exchange(Hello, 5, _reply);
    }

    [Theory]
    [InlineData("127.0.0.1", 65_507, "IPv4 a UDP datagram carries at most 65,507 bytes")]
    [InlineData("::1", 65_527, "IPv6 a UDP datagram carries at most 65,527 bytes")]
    public void A_message_too_large_for_a_datagram_is_refused_before_anything_is_sent(string address, int limit, string says)
    {
        Assert.SkipUnless(address == "127.0.0.1" || Socket.OSSupportsIPv6, "no IPv6");
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsWindows(), "this system limits datagrams further");
        using var server = new DatagramServer(IPAddress.Parse(address), 0);
        using var client = Open(server);

        var error = Assert.Throws<EchoException>(() => client.Exchange(new byte[limit + 1], limit + 1, _reply));
        client.Exchange(new byte[limit], limit, _reply);

        Assert.Equal(EchoError.MessageTooLarge, error.Error);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Equal(limit, client.MaxMessageSize);
        Assert.Equal(limit, server.Received.Single().Bytes.Length);
    }

    // The loopback interface of Linux has an MTU of 65,536, which the largest datagram over IPv6 exceeds.
    [Fact]
    public void A_message_above_the_path_MTU_warns_and_says_where_the_number_comes_from()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Socket.OSSupportsIPv6, "needs an interface with a small MTU");
        using var server = new DatagramServer(IPAddress.IPv6Loopback, 0);
        using var client = Open(server);

        client.Exchange(new byte[65_489], 65_489, _reply);

        Assert.Contains("65,489 bytes", client.Warning, StringComparison.Ordinal);
        Assert.Contains("the path MTU is 65,536 bytes (IPV6_MTU of the socket), of which the headers leave 65,488.", client.Warning, StringComparison.Ordinal);
        client.Exchange(new byte[65_488], 65_488, _reply);
        Assert.Null(client.Warning);
    }

    [Fact]
    public void Without_IP_MTU_the_number_comes_from_the_interface()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the number is that of Linux");

        var mtu = PathMtu.OfInterface(IPAddress.Loopback)!;

        Assert.Equal((65536, "the MTU of the interface lo"), (mtu.Bytes, mtu.Source));
        Assert.Null(PathMtu.OfInterface(IPAddress.Parse("203.0.113.1")));
    }

    [Fact]
    public void An_empty_message_or_wrong_buffers_are_refused_before_anything_is_sent()
    {
        using var server = new DatagramServer();
        using var client = Open(server);

        Assert.Throws<ArgumentOutOfRangeException>("count", () => client.Exchange([], 0, _reply));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => client.Exchange(Hello, 6, _reply));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => client.Exchange(Hello, 5, new byte[4]));
        Assert.Throws<ArgumentNullException>("message", () => client.Exchange(null!, 1, _reply));
        Assert.Throws<ArgumentNullException>("reply", () => client.Exchange(Hello, 5, null!));

        client.Exchange(Hello, 5, _reply);
        Assert.Single(server.Received);
    }

    [Fact]
    public async Task Cancelling_ends_an_exchange_from_another_thread()
    {
        using var cancellation = new CancellationTokenSource();
        using var server = new DatagramServer(DatagramServer.Echo, (_, _, _) => cancellation.Cancel());
        using var client = Open(server, operationTimeout: 600, cancellation: cancellation.Token);
        client.Exchange(Hello, 5, _reply);

        var exchange = Bounded.Start(() => client.Exchange(Hello, 5, _reply));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exchange.Soon());
        Assert.ThrowsAny<OperationCanceledException>(() => client.Exchange(Hello, 5, _reply));
        await server.Done.Soon();
    }

    [Fact]
    public void Cancelling_before_the_first_message_ends_it()
    {
        using var server = new DatagramServer();
        using var cancellation = new CancellationTokenSource();
        using var client = Open(server, operationTimeout: 600, cancellation: cancellation.Token);

        cancellation.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => client.Exchange(Hello, 5, _reply));
        Assert.ThrowsAny<OperationCanceledException>(() => Open(server, cancellation: cancellation.Token));
    }

    [Fact]
    public void A_client_that_is_closed_or_has_options_for_TCP_is_refused()
    {
        using var server = new DatagramServer();
        var client = Open(server);
        client.Dispose();
        client.Dispose();

        Assert.Throws<ObjectDisposedException>(() => client.Exchange(Hello, 5, _reply));
        Assert.Throws<ArgumentException>("options", () => EchoUdpClient.Open(new EchoClientOptions { Tls = new EchoClientTls() }));
        Assert.Throws<ArgumentException>("options", () => EchoUdpClient.Open(new EchoClientOptions { KeepAliveTime = TimeSpan.FromSeconds(1) }));
        Assert.Throws<ArgumentNullException>("options", () => EchoUdpClient.Open(null!));
    }

    [Fact]
    public void A_name_or_a_source_address_that_can_not_be_used_fails_as_over_TCP()
    {
        Assert.Equal(EchoError.HostNotFound, Failure(new EchoClientOptions { Host = "no-such-host.invalid" }));
        Assert.Equal(EchoError.HostNotFound, Failure(new EchoClientOptions { AddressFamily = AddressFamily.InterNetworkV6 }));
        Assert.Equal(EchoError.AddressNotAvailable, Failure(new EchoClientOptions { SourceAddress = "203.0.113.1" }));
        Assert.Equal(EchoError.HostUnreachable, Failure(new EchoClientOptions { Host = "203.0.113.1", SourceAddress = "127.0.0.1" }));
        Assert.Equal(EchoError.ConnectionTimeout, Failure(new EchoClientOptions
        {
            Host = "slow.invalid",
            ConnectionTimeout = TimeSpan.FromMilliseconds(50),
            Resolver = new NameResolver(
                _ =>
                {
                    TestContext.Current.CancellationToken.WaitHandle.WaitOne(TimeSpan.FromSeconds(2));
                    return [];
                },
                maxLookUps: 1),
        }));

        static EchoError Failure(EchoClientOptions options) => Assert.Throws<EchoException>(() => EchoUdpClient.Open(options)).Error;
    }

    [Fact]
    public void A_source_address_is_used()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems have one loopback address");
        using var server = new DatagramServer();
        using var client = EchoUdpClient.Open(new EchoClientOptions { Port = server.Port, SourceAddress = "127.0.0.2" }, TestContext.Current.CancellationToken);

        client.Exchange(Hello, 5, _reply);

        Assert.Equal("127.0.0.2", server.Received.Single().From.Address.ToString());
    }

    [Fact]
    public void A_name_whose_first_address_refuses_is_reached_at_the_next()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems have one loopback address");
        using var server = new DatagramServer(IPAddress.Parse("127.0.0.3"), 0);
        using var client = EchoUdpClient.Open(
            new EchoClientOptions
            {
                Host = "three.invalid",
                Port = server.Port,
                SourceAddress = "127.0.0.1", // no route from there to the first
                Resolver = new NameResolver(_ => [IPAddress.Parse("203.0.113.1"), IPAddress.Parse("127.0.0.2"), IPAddress.Parse("127.0.0.3")], maxLookUps: 1),
            },
            TestContext.Current.CancellationToken);
        Assert.Equal($"127.0.0.2:{server.Port}", client.RemoteEndPoint);

        client.Exchange(Hello, 5, _reply);

        Assert.Equal($"127.0.0.3:{server.Port}", client.RemoteEndPoint);
        server.Dispose();
        var error = Assert.Throws<EchoException>(() => client.Exchange(Hello, 5, _reply));
        Assert.StartsWith($"Nothing listens on three.invalid:{server.Port} over UDP (tried 127.0.0.3:{server.Port})", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_socket_is_never_its_own_peer()
    {
        var remote = new IPEndPoint(IPAddress.Loopback, FreePort());
        var sockets = 0;

        using var socket = DatagramSocket.Open(remote, s => s.Bind(sockets++ == 0 ? remote : new IPEndPoint(IPAddress.Loopback, 0)));

        Assert.Equal(2, sockets);
        Assert.NotEqual(remote, socket.LocalEndPoint);
        socket.Send(Hello);
        socket.ReceiveTimeout = (int)Bounded.Limit.TotalMilliseconds;
        Assert.Equal(SocketError.ConnectionRefused, Assert.Throws<SocketException>(() => socket.Receive(new byte[5])).SocketErrorCode);
    }

    [Fact]
    public void A_source_port_that_is_chosen_serves_all_messages()
    {
        using var server = new DatagramServer();
        var local = new IPEndPoint(IPAddress.Loopback, FreePort());
        var sockets = new DatagramSockets([server.EndPoint], s => s.Bind(local), TestContext.Current.CancellationToken);

        Assert.Equal(local, sockets.Next().LocalEndPoint);
        Assert.Equal(local, sockets.Next().LocalEndPoint);
        sockets.Close();
    }

    private static EchoUdpClient Open(DatagramServer server, double operationTimeout = 20, bool anyReply = false, CancellationToken cancellation = default) =>
        Open(server.EndPoint, operationTimeout, anyReply, cancellation);

    private static EchoUdpClient Open(IPEndPoint server, double operationTimeout = 20, bool anyReply = false, CancellationToken cancellation = default) =>
        EchoUdpClient.Open(
            new EchoClientOptions
            {
                Host = server.Address.ToString(),
                Port = server.Port,
                OperationTimeout = TimeSpan.FromSeconds(operationTimeout),
                AnyReply = anyReply,
            },
            cancellation);

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
