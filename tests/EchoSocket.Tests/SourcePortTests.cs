using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using EchoSocket.Common;
using Xunit;

namespace EchoSocket.Tests;

public sealed class SourcePortTests : IDisposable
{
    private readonly Socket _reserved = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public void Dispose() => _reserved.Dispose();

    [Theory]
    [InlineData("127.0.0.1", null)]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", null)]
    [InlineData("::1", "::1")]
    public void A_client_connects_from_its_source_port(string host, string? address)
    {
        using var server = Start(host);
        var options = Options(server, host, FreePort(), address);

        using var client = EchoClient.Connect(options);

        Assert.Equal(new IPEndPoint(IPAddress.Parse(host), options.SourcePort).ToString(), client.LocalEndPoint);
    }

    [Fact]
    public void A_probe_and_a_measurement_connect_from_it()
    {
        using var server = Start("127.0.0.1");
        using var other = Start("127.0.0.1");
        var options = Options(server, "127.0.0.1", FreePort());

        var report = PathProbe.Run(options, TestContext.Current.CancellationToken);
        var result = new EchoMeter(new EchoMeterOptions { Port = other.EndPoint.Port, SourcePort = options.SourcePort, Count = 5 }).Run();

        Assert.Equal((true, $"127.0.0.1:{options.SourcePort}"), (report.Success, report.LocalEndPoint));
        Assert.Equal(5, result.Received);
        other.Recorder.Ended(1).Get();
        Assert.Equal([$"127.0.0.1:{options.SourcePort}"], other.Recorder.Connections.Select(c => c.RemoteEndPoint));
    }

    [Fact]
    public void A_port_that_another_socket_uses_is_AddressInUse_and_named()
    {
        using var server = Start("127.0.0.1");
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Any, 0));
        other.Listen();
        var port = ((IPEndPoint)other.LocalEndPoint!).Port;
        var options = Options(server, "127.0.0.1", port);
        const string Says = ": another socket of this computer uses the port. Close it, or choose another source port.";

        var error = Assert.Throws<EchoException>(() => EchoClient.Connect(options));

        Assert.Equal((EchoError.AddressInUse, $"port {port}"), (error.Error, error.EndPoint));
        Assert.Equal($"Cannot connect from port {port}{Says}", error.Message);
        Assert.Equal($"Cannot connect from port {port}{Says}", PathProbe.Run(options, TestContext.Current.CancellationToken).Reason);
        options.SourceAddress = "127.0.0.1";
        Assert.Equal($"Cannot connect from 127.0.0.1:{port}{Says}", Assert.Throws<EchoException>(() => EchoClient.Connect(options)).Message);
    }

    [Fact]
    public void A_second_connection_between_the_same_ports_is_AddressInUse_and_says_how_long_to_wait()
    {
        using var server = Start("127.0.0.1");
        var options = Options(server, "127.0.0.1", FreePort());
        using var first = EchoClient.Connect(options);

        var error = Assert.Throws<EchoException>(() => EchoClient.Connect(options));
        var report = PathProbe.Run(options, TestContext.Current.CancellationToken);

        Assert.Equal((EchoError.AddressInUse, $"port {options.SourcePort}"), (error.Error, error.EndPoint));
        if (OperatingSystem.IsLinux()) // other systems refuse to bind the port already
        {
            Assert.StartsWith($"Cannot connect from port {options.SourcePort} to 127.0.0.1:{options.Port}: a connection between the two is open, or has ended a", error.Message, StringComparison.Ordinal);
            Assert.Contains("(TIME_WAIT) for a minute on Linux", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal((EchoPathStage.Connect, error.Message), (report.FailedStage, report.Reason));
    }

    [Fact]
    public void A_second_run_works_or_says_how_long_to_wait()
    {
        using var server = Start("127.0.0.1");
        var options = Options(server, "127.0.0.1", FreePort());
        Assert.True(PathProbe.Run(options, TestContext.Current.CancellationToken).Success);

        // Linux takes the ports of an ended connection again at once if both sides use TCP timestamps (RFC 6191).
        var report = PathProbe.Run(options, TestContext.Current.CancellationToken);

        Assert.True(report.Success || report.Reason.Contains("(TIME_WAIT) for a minute on Linux", StringComparison.Ordinal), report.Reason);
    }

    [Fact]
    public void Several_servers_can_be_connected_to_from_one_port_at_the_same_time()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems let only one socket have the port");
        using var first = Start("127.0.0.1");
        using var second = Start("127.0.0.1");
        var port = FreePort();

        using var one = EchoClient.Connect(Options(first, "127.0.0.1", port));
        using var other = EchoClient.Connect(Options(second, "127.0.0.1", port));

        Assert.Equal(one.LocalEndPoint, other.LocalEndPoint);
    }

    [Fact]
    public void Several_servers_can_be_reached_over_UDP_from_one_port_at_the_same_time()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems let only one socket have the port");
        using var first = new UdpPeer(answer: _ => "ONE"u8.ToArray());
        using var second = new UdpPeer(answer: _ => "TWO"u8.ToArray());
        var port = FreeUdpPort();
        using var one = EchoUdpClient.Open(new EchoClientOptions { Port = first.Port, SourcePort = port });
        using var other = EchoUdpClient.Open(new EchoClientOptions { Port = second.Port, SourcePort = port });
        var reply = new byte[3];

        foreach (var (client, message) in new[] { (one, "one"), (other, "two"), (one, "one"), (other, "two") })
        {
            client.Exchange(Encoding.ASCII.GetBytes(message), 3, reply);
            Assert.Equal((message.ToUpperInvariant(), $"127.0.0.1:{port}"), (Encoding.ASCII.GetString(reply), client.LocalEndPoint));
        }
    }

    [Fact]
    public void A_second_client_of_a_server_from_the_same_port_is_AddressInUse_over_UDP()
    {
        using var server = new UdpPeer();
        var options = new EchoClientOptions { Port = server.Port, SourcePort = FreeUdpPort() };
        using (var first = EchoUdpClient.Open(options))
        {
            Assert.Equal(EchoError.AddressInUse, Assert.Throws<EchoException>(() => EchoUdpClient.Open(options)).Error);
            Assert.Equal("port in use", EchoUdpProbe.Run(options, TestContext.Current.CancellationToken).Reason);
            first.Exchange([1], 1, new byte[1]);
        }

        Assert.True(EchoUdpProbe.Run(options, TestContext.Current.CancellationToken).Success);
    }

    [Fact]
    public void A_client_over_UDP_is_never_its_own_server()
    {
        var port = FreeUdpPort();
        var options = new EchoClientOptions { Port = port, SourcePort = port };

        var report = EchoUdpProbe.Run(options, TestContext.Current.CancellationToken);

        Assert.Equal((EchoPathStage.Echo, "port in use"), (report.FailedStage, report.Reason));
        Assert.Equal(EchoError.AddressInUse, Assert.Throws<EchoException>(() => EchoUdpClient.Open(options)).Error);
    }

    [Fact]
    public void A_port_that_a_server_uses_is_AddressInUse_over_UDP()
    {
        using var server = new UdpPeer();
        using var other = new UdpPeer();

        var error = Assert.Throws<EchoException>(() => EchoUdpClient.Open(new EchoClientOptions { Port = server.Port, SourcePort = other.Port }));

        Assert.Equal((EchoError.AddressInUse, $"port {other.Port}"), (error.Error, error.EndPoint));
    }

    [Fact]
    public void Further_connections_of_a_measurement_fail_with_the_same_error()
    {
        using var server = Start("127.0.0.1");
        var meter = new EchoMeter(new EchoMeterOptions { Port = server.EndPoint.Port, SourcePort = FreePort(), Count = 9, Connections = 3 });

        var result = meter.Run();

        Assert.Equal(9, result.Received);
        Assert.Equal([EchoError.AddressInUse], meter.Failures.Select(f => f.Error).Distinct());
    }

    [Fact]
    public void A_source_address_that_is_not_ours_is_named_with_the_port()
    {
        var options = new EchoClientOptions { Port = 9, SourceAddress = "198.51.100.1", SourcePort = 5000 };

        var error = Assert.Throws<EchoException>(() => EchoClient.Connect(options));

        Assert.Equal((EchoError.AddressNotAvailable, "198.51.100.1:5000"), (error.Error, error.EndPoint));
        Assert.StartsWith("Cannot connect from 198.51.100.1:5000: this computer does not have the address", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_that_is_not_allowed_is_AccessDenied()
    {
        var error = SourceErrors.Find("host:1", new BindException(SocketError.AccessDenied), null, 80)!;

        Assert.Equal((EchoError.AccessDenied, "port 80"), (error.Error, error.EndPoint));
        Assert.Null(SourceErrors.Find("host:1", new SocketException((int)SocketError.AccessDenied), null, 80)); // a firewall, on connecting
        Assert.Null(SourceErrors.Find("host:1", new SocketException((int)SocketError.ConnectionRefused), null, 80));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65536)]
    public void Other_ports_are_refused(int port) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoClientOptions { SourcePort = port });

    private static TestServer Start(string address)
    {
        Assert.SkipWhen(address == "::1" && !Socket.OSSupportsIPv6, "no IPv6 here");
        return new TestServer(new EchoServerOptions { Addresses = [address], Port = 0 }, new Recorder());
    }

    private static EchoClientOptions Options(TestServer server, string host, int sourcePort, string? sourceAddress = null) =>
        new() { Host = host, Port = server.EndPoint.Port, SourcePort = sourcePort, SourceAddress = sourceAddress };

    private static int FreeUdpPort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    // Linux gives a port that a socket is bound to to no other client that lets the system choose, and .NET lets a second socket
    // be bound to it by number.
    private int FreePort()
    {
        _reserved.Bind(new IPEndPoint(IPAddress.Any, 0));
        var port = ((IPEndPoint)_reserved.LocalEndPoint!).Port;
        if (!OperatingSystem.IsLinux())
            _reserved.Dispose();
        return port;
    }
}
