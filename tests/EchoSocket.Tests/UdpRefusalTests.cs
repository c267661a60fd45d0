using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>What a UDP server does not answer, so that it can't be used for loops or reflection (CVE-1999-0103).</summary>
public class UdpRefusalTests
{
    public static TheoryData<bool> Ways => DatagramWays.All;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_message_from_a_port_below_1024_is_not_answered(bool portable)
    {
        using var client = Privileged();
        using var server = new UdpTestServer(DatagramWays.Options(portable));

        await AssertRefused(server, client, "127.0.0.1", EchoUdpRefusal.PrivilegedPort);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_message_from_a_port_below_1024_is_answered_if_that_is_allowed(bool portable)
    {
        using var client = Privileged();
        var options = DatagramWays.Options(portable);
        options.AllowPrivilegedPort = true;
        using var server = new UdpTestServer(options);

        Assert.Equal("HELLO"u8, client.Exchange("hello"u8.ToArray(), server.Port));
    }

    // The server's own socket stands for a forger: a datagram that it sends has the server's address and port.
    [Theory]
    [InlineData(false, "127.0.0.1", "127.0.0.1")]
    [InlineData(false, "127.0.0.1,127.0.0.2", "127.0.0.2")] // to another address of the server
    [InlineData(false, "0.0.0.0", "127.0.0.1")]
    [InlineData(false, "0.0.0.0", "127.9.9.9")]
    [InlineData(false, "::", "::1")]
    [InlineData(false, "::", "127.0.0.1")]
    [InlineData(true, "127.0.0.1", "127.0.0.1")]
    [InlineData(true, "::", "::1")]
    public async Task A_message_from_the_server_itself_is_not_answered(bool portable, string addresses, string to)
    {
        DatagramWays.SkipUnlessPossible(portable);
        using var server = new UdpTestServer(DatagramWays.Options(portable, addresses.Split(',')));
        var target = IPAddress.Parse(to);
        var socket = server.Server.Sockets.First(s => s.AddressFamily == target.AddressFamily || s.DualMode);

        socket.SendTo("hello"u8.ToArray(), new IPEndPoint(socket.DualMode ? target.MapToIPv6() : target, server.Port));

        await AssertOneRefused(server, EchoUdpRefusal.OwnAddress);
    }

    [Fact]
    public async Task A_message_from_an_address_of_a_network_interface_and_the_servers_port_is_not_answered()
    {
        var own = Common.EndPoints.OwnAddresses().FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a));
        Assert.SkipWhen(own is null, "this computer has no network");
        DatagramWays.SkipUnlessPossible(portable: false);
        using var server = new UdpTestServer(new EchoUdpServerOptions { Addresses = ["0.0.0.0"] });

        server.Server.Sockets[0].SendTo("hello"u8.ToArray(), new IPEndPoint(own, server.Port)); // the system chooses the same address to send from

        await AssertOneRefused(server, EchoUdpRefusal.OwnAddress);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Another_program_on_the_same_port_of_another_address_is_answered(bool portable)
    {
        DatagramWays.SkipUnlessPossible(portable: false);
        using var server = new UdpTestServer(DatagramWays.Options(portable));
        using var client = new UdpClientSocket("127.0.0.2", server.Port);

        Assert.Equal("HELLO"u8, client.Exchange("hello"u8.ToArray(), server.Port));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_message_from_an_address_that_is_not_allowed_is_not_answered(bool portable)
    {
        DatagramWays.SkipUnlessPossible(portable: false);
        var options = DatagramWays.Options(portable);
        options.AllowFrom = [AddressRange.Parse("127.0.0.8/29"), AddressRange.Parse("::1")];
        using var server = new UdpTestServer(options);
        using var allowed = new UdpClientSocket("127.0.0.9");
        using var other = new UdpClientSocket("127.0.0.1");
        Assert.Equal("HELLO"u8, allowed.Exchange("hello"u8.ToArray(), server.Port));

        await AssertRefused(server, other, "127.0.0.1", EchoUdpRefusal.NotAllowed, answered: 1);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public async Task A_broadcast_is_not_answered(string address)
    {
        DatagramWays.SkipUnlessPossible(portable: false);
        using var server = new UdpTestServer(new EchoUdpServerOptions { Addresses = [address] });
        using var client = new UdpClientSocket();
        client.Socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Broadcast, true);

        await AssertRefused(server, client, "127.255.255.255", EchoUdpRefusal.Broadcast);
    }

    [Fact]
    public async Task A_multicast_is_not_answered()
    {
        DatagramWays.SkipUnlessPossible(portable: false);
        var group = IPAddress.Parse("239.1.2.3");
        using var server = new UdpTestServer(new EchoUdpServerOptions { Addresses = ["0.0.0.0"] });
        server.Server.Sockets[0].SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(group, IPAddress.Loopback));
        using var client = new UdpClientSocket();
        client.Socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.Loopback.GetAddressBytes());

        await AssertRefused(server, client, group.ToString(), EchoUdpRefusal.Broadcast);
    }

    // A loopback interface has no route for IPv6 multicast, so this is what recvmmsg would write.
    [Theory]
    [InlineData("2001:db8::1", 4, false, 0)]
    [InlineData("fe80::1", 4, false, 4)] // an address of the interface 4 means nothing without it
    [InlineData("ff02::1", 4, true, 0)]
    public unsafe void The_reply_leaves_from_the_IPv6_address_in_the_control_message(string address, int index, bool broadcast, int kept)
    {
        Assert.SkipUnless(IntPtr.Size == 8, "the test has the layout of 64 bits");
        var control = stackalloc byte[40];
        *(long*)control = 36;
        *(int*)(control + 8) = 41;
        *(int*)(control + 12) = 50;
        IPAddress.Parse(address).GetAddressBytes().CopyTo(new Span<byte>(control + 16, 16));
        *(int*)(control + 32) = index;

        Assert.Equal(36, Transport.PacketInformation.ToReply(control, 40, out var found));

        Assert.Equal(broadcast, found);
        Assert.Equal(kept, *(int*)(control + 32));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_message_that_is_larger_than_the_buffer_is_not_answered(bool portable)
    {
        var options = DatagramWays.Options(portable);
        options.BufferSize = 100;
        using var server = new UdpTestServer(options);
        using var client = new UdpClientSocket();
        Assert.Equal(new byte[100], client.Exchange(new byte[100], server.Port));

        client.Send(new byte[101], "127.0.0.1", server.Port);

        Bounded.Until(() => server.Server.RefusedMessages == 1);
        Assert.Equal(new byte[1], client.Exchange(new byte[1], server.Port));
        await server.StopAsync();
        Assert.Equal([$"{client.EndPoint} {EchoUdpRefusal.Truncated}"], server.Recorder.Events);
    }

    [Fact]
    public async Task A_flood_of_refused_messages_is_counted_but_not_told_one_by_one()
    {
        const int Rounds = 100;
        const int Burst = 100;
        DatagramWays.SkipUnlessPossible(portable: false);
        using var server = new UdpTestServer(new EchoUdpServerOptions { AllowFrom = [AddressRange.Parse("127.0.0.2")] });
        using var flood = new UdpClientSocket();
        for (var round = 1; round <= Rounds; round++)
        {
            for (var i = 0; i < Burst; i++)
                flood.Send([1], "127.0.0.1", server.Port);
            Bounded.Until(() => server.Server.RefusedMessages == round * Burst); // so that none is lost
        }

        await server.StopAsync();

        var told = server.Recorder.Events.Count(e => !e.EndsWith("skipped", StringComparison.Ordinal));
        Assert.Equal(Rounds * Burst, told + server.Recorder.Skips);
        Assert.InRange(told, 10, Rounds * Burst / 5); // ten in a second, however slow the computer is
    }

    [Fact]
    public void The_rest_of_a_flood_is_told_within_a_second_although_nothing_more_comes()
    {
        DatagramWays.SkipUnlessPossible(portable: false);
        using var server = new UdpTestServer(new EchoUdpServerOptions { AllowFrom = [AddressRange.Parse("127.0.0.2")] });
        using var flood = new UdpClientSocket();

        for (var i = 0; i < 50; i++)
            flood.Send([1], "127.0.0.1", server.Port);

        Bounded.Until(() => server.Recorder.Events.Any(e => e.EndsWith("skipped", StringComparison.Ordinal)));
    }

    private static async Task AssertRefused(UdpTestServer server, UdpClientSocket client, string to, EchoUdpRefusal reason, int answered = 0)
    {
        client.Send("hello"u8.ToArray(), to, server.Port);
        await AssertOneRefused(server, reason, answered);
        Assert.Equal([$"{client.EndPoint} {reason}"], server.Recorder.Events);
        Assert.Equal(0, client.Socket.Available);
    }

    private static async Task AssertOneRefused(UdpTestServer server, EchoUdpRefusal reason, int answered = 0)
    {
        Bounded.Until(() => server.Server.RefusedMessages > 0);
        await server.StopAsync();
        Assert.Equal((1, answered, answered), (server.Server.RefusedMessages, server.Server.MessagesReceived, server.Server.MessagesSent));
        Assert.EndsWith($" {reason}", Assert.Single(server.Recorder.Events), StringComparison.Ordinal);
        Assert.Equal(answered, server.Server.Peers.Count);
    }

    private static UdpClientSocket Privileged()
    {
        for (var port = 1023; port > 900; port--)
        {
            try
            {
                return new UdpClientSocket(port: port);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // the next one, maybe
            }
        }

        Assert.Skip("no port below 1024 can be used");
        return null!;
    }
}
