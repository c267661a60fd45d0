using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using EchoSocket.Connecting;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Clients that choose the address family or the source address.</summary>
public class AddressFamilyTests
{
    private static readonly NameResolver Both = new(_ => [IPAddress.Loopback, IPAddress.IPv6Loopback], maxLookUps: 4);

    [Theory]
    [InlineData(AddressFamily.InterNetwork, null, "127.0.0.1")]
    [InlineData(AddressFamily.InterNetworkV6, null, "::1")]
    [InlineData(null, "127.0.0.1", "127.0.0.1")]
    [InlineData(null, "::1", "::1")]
    [InlineData(null, "::ffff:127.0.0.1", "127.0.0.1")]
    public void Only_addresses_of_the_family_are_used(AddressFamily? family, string? source, string address)
    {
        using var server = Start(["127.0.0.1", "::1"]);
        var options = Options(server, "server1", source, family);

        using var client = EchoClient.Connect(options);
        var report = PathProbe.Run(options);
        var result = new EchoMeter(new EchoMeterOptions
        {
            Host = options.Host, Port = options.Port, AddressFamily = family, SourceAddress = source, Resolver = Both, Count = 3, Connections = 3,
        }).Run();

        var endPoint = new IPEndPoint(IPAddress.Parse(address), options.Port).ToString();
        Assert.Equal((endPoint, endPoint, endPoint), (client.RemoteEndPoint, report.RemoteEndPoint, result.RemoteEndPoint));
        Assert.Equal((true, 3L), (report.Success, result.Received));
        Assert.Equal([address], report.Addresses);
    }

    [Theory]
    [InlineData("127.0.0.1", AddressFamily.InterNetworkV6, null, "IPv6")]
    [InlineData("::1", AddressFamily.InterNetwork, null, "IPv4")]
    [InlineData("127.0.0.1", null, "::1", "IPv6")]
    [InlineData("::1", null, "127.0.0.1", "IPv4")]
    [InlineData("server1", AddressFamily.InterNetwork, "::1", "IPv6")] // they contradict each other
    public void A_computer_without_an_address_of_the_family_is_HostNotFound(string host, AddressFamily? family, string? source, string missing)
    {
        using var server = Start(["127.0.0.1", "::1"]);
        var options = Options(server, host, source, family);

        var error = Assert.Throws<EchoException>(() => EchoClient.Connect(options));
        var report = PathProbe.Run(options);

        Assert.Equal(EchoError.HostNotFound, error.Error);
        Assert.StartsWith($"'{host}' has no {missing} address", error.Message, StringComparison.Ordinal);
        Assert.Equal((EchoPathStage.Resolve, $"no {missing} address"), (report.FailedStage, report.Reason));
        Assert.Equal(0, server.Server.TotalConnections);
    }

    [Fact]
    public async Task Every_connection_comes_from_the_source_address()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux has all of 127.0.0.0/8");
        using var server = Start(["127.0.0.1"]);
        var options = Options(server, "127.0.0.1", "127.0.0.9");

        using (var client = EchoClient.Connect(options))
            Assert.StartsWith("127.0.0.9:", client.LocalEndPoint, StringComparison.Ordinal);
        Assert.StartsWith("127.0.0.9:", PathProbe.Run(options).LocalEndPoint, StringComparison.Ordinal);
        new EchoMeter(new EchoMeterOptions { Port = options.Port, SourceAddress = "127.0.0.9", Count = 5, Connections = 5 }).Run();

        await server.Recorder.Ended(7);
        Assert.All(server.Recorder.Connections, c => Assert.StartsWith("127.0.0.9:", c.RemoteEndPoint, StringComparison.Ordinal));
    }

    [Fact]
    public void A_source_address_that_is_not_ours_is_AddressNotAvailable_and_named()
    {
        using var server = Start(["127.0.0.1"]);
        var options = Options(server, "127.0.0.1", "198.51.100.1"); // for documentation (RFC 5737): no computer has it

        var error = Assert.Throws<EchoException>(() => EchoClient.Connect(options));
        var report = PathProbe.Run(options);

        Assert.Equal((EchoError.AddressNotAvailable, "198.51.100.1"), (error.Error, error.EndPoint));
        Assert.StartsWith("Cannot connect from 198.51.100.1: this computer does not have the address", error.Message, StringComparison.Ordinal);
        Assert.Equal((EchoPathStage.Connect, "no address to connect from"), (report.FailedStage, report.Reason));
    }

    [Fact]
    public void A_source_address_from_which_there_is_no_route_is_HostUnreachable_and_named()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems try it, and time out");
        var options = new EchoClientOptions { Host = "198.51.100.1", Port = 9, SourceAddress = "127.0.0.1" };

        var error = Assert.Throws<EchoException>(() => EchoClient.Connect(options));

        Assert.Equal(EchoError.HostUnreachable, error.Error);
        Assert.StartsWith("There is no route from 127.0.0.1 to 198.51.100.1:9", error.Message, StringComparison.Ordinal);
        Assert.Equal((EchoPathStage.Connect, "no route"), (PathProbe.Run(options).FailedStage, PathProbe.Run(options).Reason));
    }

    [Fact]
    public void A_link_local_address_without_its_interface_is_an_error_that_says_what_to_append()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Socket.OSSupportsIPv6, "other systems may choose an interface");

        var error = Assert.Throws<EchoException>(() => EchoClient.Connect(new EchoClientOptions { Host = "fe80::7", Port = 9 }));

        Assert.Equal((EchoError.HostUnreachable, "[fe80::7]:9"), (error.Error, error.EndPoint));
        Assert.Contains("as in fe80::7%eth0", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("localhost")]
    [InlineData("127.0.0.1:80")]
    [InlineData("127.0.0.01")]
    [InlineData("fe80::1%nosuchinterface")]
    [InlineData("[::1]:80")]
    public void A_source_that_is_not_an_address_is_refused(string text) =>
        Assert.StartsWith(
            $"'{text}' is not an IP address.",
            Assert.Throws<ArgumentException>(() => new EchoClientOptions { SourceAddress = text }).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("\u001B[2J", @"'\u001B[2J' is not an IP address.")]
    [InlineData("fe80::1%eth\u009B", @"no interface 'eth\u009B'")]
    public void The_error_for_a_source_escapes_what_a_terminal_would_obey(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => new EchoClientOptions { SourceAddress = text }).Message, StringComparison.Ordinal);

    [Fact]
    public void Other_families_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoClientOptions { AddressFamily = AddressFamily.Unix });

    private static TestServer Start(string[] addresses)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "no IPv6 here");
        return new TestServer(new EchoServerOptions { Addresses = addresses, Port = 0 }, new Recorder());
    }

    private static EchoClientOptions Options(TestServer server, string host, string? source, AddressFamily? family = null) =>
        new() { Host = host, Port = server.EndPoint.Port, AddressFamily = family, SourceAddress = source, Resolver = Both };
}
