using System;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;
using Xunit;

namespace EchoSocket.Tests;

public class DscpTests
{
    private const int ExpeditedForwarding = 46; // RFC 3246

    // <netinet/in.h> of Linux
    private const int IPv4Level = 0;
    private const int IPv6Level = 41;
    private const int TypeOfService = 1; // IP_TOS
    private const int TrafficClass = 67; // IPV6_TCLASS
    private const int ReceiveTypeOfService = 13; // IP_RECVTOS
    private const int ReceiveTrafficClass = 66; // IPV6_RECVTCLASS
    private const int IPv4PacketOptions = 9; // IP_PKTOPTIONS
    private const int IPv6PacketOptions = 6; // IPV6_2292PKTOPTIONS
    private const int HeaderSize = 16; // struct cmsghdr

    [Theory]
    [InlineData("127.0.0.1", 0)]
    [InlineData("127.0.0.1", 1)]
    [InlineData("127.0.0.1", ExpeditedForwarding)]
    [InlineData("127.0.0.1", 63)]
    [InlineData("::1", 0)]
    [InlineData("::1", 1)]
    [InlineData("::1", ExpeditedForwarding)]
    [InlineData("::1", 63)]
    public void The_peer_receives_packets_with_the_value(string address, int value)
    {
        using var listener = Listen(address, out var options);
        options.DscpValue = value;
        var accepting = Bounded.Start(listener.Accept);

        using var client = EchoClient.Connect(options);

        using var accepted = accepting.Get();
        Assert.Equal(value, ReceivedDscp(accepted));
    }

    [Fact]
    public void A_probe_and_a_measurement_have_it_too()
    {
        using var listener = Listen("127.0.0.1", out var options);
        options.DscpValue = ExpeditedForwarding;
        var probing = Bounded.Start(() => PathProbe.Run(options, TestContext.Current.CancellationToken));
        using (var accepted = Bounded.Start(listener.Accept).Get())
            Assert.Equal(ExpeditedForwarding, ReceivedDscp(accepted));
        probing.Get();

        var meter = new EchoMeter(new EchoMeterOptions { Port = options.Port, DscpValue = ExpeditedForwarding, Connections = 2 });
        var measuring = Bounded.Start(() => meter.Run());
        using (var first = Bounded.Start(listener.Accept).Get())
        using (var second = Bounded.Start(listener.Accept).Get())
            Assert.Equal((ExpeditedForwarding, ExpeditedForwarding), (ReceivedDscp(first), ReceivedDscp(second)));
        measuring.Get();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Datagrams_of_a_socket_that_the_options_prepare_have_it(string address)
    {
        SkipUnlessLinux(address);
        using var receiver = new PeerProgram("python3", "-u", "-c", $$"""
            import socket
            family = socket.AF_INET6 if ':' in '{{address}}' else socket.AF_INET
            s = socket.socket(family, socket.SOCK_DGRAM)
            s.settimeout(30)
            s.setsockopt(41 if family == socket.AF_INET6 else 0, 66 if family == socket.AF_INET6 else 13, 1)
            s.bind(('{{address}}', 0))
            print(s.getsockname()[1])
            data, ancillary, flags, peer = s.recvmsg(16, 64)
            print('dscp', ancillary[0][2][0] >> 2, 'ecn', ancillary[0][2][0] & 3)
            """);
        using var sender = new Socket(IPAddress.Parse(address).AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        new EchoClientOptions { DscpValue = ExpeditedForwarding }.Prepare(sender);

        sender.SendTo("x"u8, new IPEndPoint(IPAddress.Parse(address), receiver.ReadNumber()));

        receiver.ReadUntil($"dscp {ExpeditedForwarding} ecn 0");
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Replies_of_a_server_over_UDP_have_it(string address)
    {
        SkipUnlessLinux(address);
        using var server = EchoUdpServer.Listen(new EchoUdpServerOptions { Addresses = [address], Port = 0, MessageCount = 1, DscpValue = ExpeditedForwarding });
        var serving = Bounded.Start(() => server.Serve());

        using var client = new PeerProgram("python3", "-u", "-c", $$"""
            import socket
            family = socket.AF_INET6 if ':' in '{{address}}' else socket.AF_INET
            s = socket.socket(family, socket.SOCK_DGRAM)
            s.settimeout(30)
            s.setsockopt(41 if family == socket.AF_INET6 else 0, 66 if family == socket.AF_INET6 else 13, 1)
            s.sendto(b'x', ('{{address}}', {{server.LocalEndPoint.Port}}))
            data, ancillary, flags, peer = s.recvmsg(16, 64)
            print('dscp', ancillary[0][2][0] >> 2, 'ecn', ancillary[0][2][0] & 3)
            """);

        client.ReadUntil($"dscp {ExpeditedForwarding} ecn 0");
        serving.Get();
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("::", "127.0.0.1")]
    public void What_a_listener_accepts_inherits_it(string listening, string calling)
    {
        SkipUnlessLinux(listening == "::" ? "::1" : listening);
        using var listener = new Socket(IPAddress.Parse(listening).AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (listening == "::")
            listener.DualMode = true;
        listener.Bind(new IPEndPoint(IPAddress.Parse(listening), 0));
        listener.Listen();
        Dscp.Apply(listener, ExpeditedForwarding);
        using var client = Peers.Call(new IPEndPoint(IPAddress.Parse(calling), ((IPEndPoint)listener.LocalEndPoint!).Port));

        using var accepted = Bounded.Start(listener.Accept).Get();

        var isIPv4 = calling == "127.0.0.1";
        var field = new byte[sizeof(int)];
        accepted.GetRawSocketOption(isIPv4 ? IPv4Level : IPv6Level, isIPv4 ? TypeOfService : TrafficClass, field);
        Assert.Equal(ExpeditedForwarding << 2, BitConverter.ToInt32(field));
    }

    [Fact]
    public void A_client_receives_packets_with_the_value_of_the_server()
    {
        SkipUnlessLinux("::1");
        using var server = new TestServer(new EchoServerOptions { Addresses = ["::1"], Port = 0, DscpValue = ExpeditedForwarding }, new Recorder());
        using var client = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        Peers.SetTimeouts(client);
        client.SetRawSocketOption(IPv6Level, ReceiveTrafficClass, BitConverter.GetBytes(1));
        client.Connect(server.EndPoint);

        client.Send("x"u8);
        client.ReadExactly(1);

        Assert.Equal(ExpeditedForwarding, ReceivedDscp(client));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(64)]
    public void Other_values_are_refused(int value)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoClientOptions { DscpValue = value });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoServerOptions { DscpValue = value });
    }

    [Fact]
    public void What_a_system_ignores_is_said()
    {
        Assert.Null(new EchoClientOptions().DscpLimitation);
        Assert.Null(new EchoServerOptions().DscpLimitation);
        var limitation = new EchoClientOptions { DscpValue = ExpeditedForwarding }.DscpLimitation;
        Assert.Equal(limitation, new EchoServerOptions { DscpValue = 1 }.DscpLimitation);

        if (OperatingSystem.IsWindows())
            Assert.Equal(Dscp.WindowsLimitation, limitation);
        else
            Assert.Null(limitation);
    }

    private static Socket Listen(string address, out EchoClientOptions options)
    {
        SkipUnlessLinux(address);
        var listener = new Socket(IPAddress.Parse(address).AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        listener.Listen();
        options = new EchoClientOptions { Host = address, Port = ((IPEndPoint)listener.LocalEndPoint!).Port, ConnectionTimeout = Bounded.Limit };
        return listener;
    }

    private static void SkipUnlessLinux(string address)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells a TCP socket what its peer's packets have");
        Assert.SkipWhen(address == "::1" && !Socket.OSSupportsIPv6, "no IPv6 here");
    }

    // Linux keeps the field of the packet that completed the handshake, and returns it as a control message.
    private static int ReceivedDscp(Socket accepted)
    {
        var isIPv4 = accepted.AddressFamily == AddressFamily.InterNetwork;
        var level = isIPv4 ? IPv4Level : IPv6Level;
        accepted.SetRawSocketOption(level, isIPv4 ? ReceiveTypeOfService : ReceiveTrafficClass, BitConverter.GetBytes(1));
        var message = new byte[64];
        var size = accepted.GetRawSocketOption(level, isIPv4 ? IPv4PacketOptions : IPv6PacketOptions, message);
        Assert.InRange(size, HeaderSize + sizeof(int), message.Length);
        return BinaryPrimitives.ReadInt32LittleEndian(message.AsSpan(HeaderSize)) >> 2;
    }
}
