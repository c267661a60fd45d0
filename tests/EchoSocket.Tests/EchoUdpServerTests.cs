using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using EchoSocket.Common;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>What a UDP server answers, in the way of Linux and in that of other systems.</summary>
public class EchoUdpServerTests
{
    public static TheoryData<bool> Ways => DatagramWays.All;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Every_size_is_answered_with_as_many_bytes_upper_cased(bool portable)
    {
        using var server = new UdpTestServer(DatagramWays.Options(portable));
        using var client = new UdpClientSocket();
        foreach (var size in new[] { 0, 1, 31, 1400, 1473, 9000, 65507 })
        {
            var message = new byte[size];
            for (var i = 0; i < size; i++)
                message[i] = (byte)i;

            var reply = client.Exchange(message, server.Port);

            Assert.Equal([.. message.Select(AsciiUpper.Upper)], reply);
        }

        await server.StopAsync();
        Assert.Equal((7, 7, 0, 0), (server.Server.MessagesReceived, server.Server.MessagesSent, server.Server.RefusedMessages, server.Server.UnsentReplies));
        Assert.Equal(77412, server.Server.BytesReceived);
        Assert.Equal(77412, server.Server.BytesSent);
    }

    [Fact]
    public void Without_a_transform_the_bytes_come_back_as_they_are()
    {
        using var server = new UdpTestServer(new EchoUdpServerOptions { Transform = EchoTransform.None });
        using var client = new UdpClientSocket();

        Assert.Equal("hello"u8, client.Exchange("hello"u8.ToArray(), server.Port));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_burst_is_answered_whole_and_in_order(bool portable)
    {
        const int Count = 200; // more than a few batches
        using var server = new UdpTestServer(DatagramWays.Options(portable));
        using var client = new UdpClientSocket();
        for (var i = 0; i < Count; i++)
            client.Send([(byte)'a', (byte)i], "127.0.0.1", server.Port);

        for (var i = 0; i < Count; i++)
            Assert.Equal([(byte)'A', AsciiUpper.Upper((byte)i)], client.Receive(out _));
    }

    [Theory]
    [InlineData(false, "0.0.0.0", "127.0.0.1", "127.0.0.1")]
    [InlineData(false, "0.0.0.0", "127.0.0.3", "127.0.0.1")]
    [InlineData(false, "::", "127.0.0.3", "127.0.0.1")]
    [InlineData(false, "::", "::1", "::1")]
    [InlineData(true, "0.0.0.0", "127.0.0.1", "127.0.0.1")]
    [InlineData(true, "::", "127.0.0.1", "127.0.0.1")]
    [InlineData(true, "::", "::1", "::1")]
    public void A_reply_leaves_from_the_address_that_the_message_was_sent_to(bool portable, string bound, string asked, string client)
    {
        DatagramWays.SkipUnlessPossible(portable);
        using var server = new UdpTestServer(DatagramWays.Options(portable, bound));
        using var socket = new UdpClientSocket(client);

        socket.Send("hello"u8.ToArray(), asked, server.Port);

        Assert.Equal("HELLO"u8, socket.Receive(out var from));
        Assert.Equal(new IPEndPoint(IPAddress.Parse(asked), server.Port), from);
    }

    // An address that is no loopback address, if this computer has one: of both families, and link-local.
    [Theory]
    [MemberData(nameof(Ways))]
    public void A_reply_leaves_from_every_address_of_the_computer(bool portable)
    {
        using var server = new UdpTestServer(DatagramWays.Options(portable, "::"));
        foreach (var address in EndPoints.InterfaceAddresses())
        {
            using var client = new UdpClientSocket(address.AddressFamily == AddressFamily.InterNetwork ? "0.0.0.0" : "::");
            client.Send("hello"u8.ToArray(), address.ToString(), server.Port);

            Assert.Equal("HELLO"u8, client.Receive(out var from));
            Assert.Equal(new IPEndPoint(address, server.Port).ToString(), from.ToString());
        }
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public async Task A_message_that_comes_before_the_server_serves_is_answered_from_its_address_too(string bound)
    {
        DatagramWays.SkipUnlessPossible(portable: false);
        using var server = EchoUdpServer.Listen(new EchoUdpServerOptions { Addresses = [bound], Port = 0, MessageCount = 1 });
        using var client = new UdpClientSocket();
        client.Send("hello"u8.ToArray(), "127.0.0.3", server.LocalEndPoint.Port);

        await Bounded.Start(() => server.Serve()).Soon();

        Assert.Equal("HELLO"u8, client.Receive(out var from));
        Assert.Equal(new IPEndPoint(IPAddress.Parse("127.0.0.3"), server.LocalEndPoint.Port), from);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Several_addresses_have_one_port(bool portable)
    {
        DatagramWays.SkipUnlessPossible(portable: false); // other systems than Linux have only 127.0.0.1 by default
        using var server = new UdpTestServer(DatagramWays.Options(portable, "127.0.0.1", "127.0.0.2", "::1"));

        foreach (var (address, client) in new[] { ("127.0.0.1", "127.0.0.1"), ("127.0.0.2", "127.0.0.1"), ("::1", "::1") })
        {
            using var socket = new UdpClientSocket(client);
            socket.Send("hello"u8.ToArray(), address, server.Port);
            Assert.Equal("HELLO"u8, socket.Receive(out var from));
            Assert.Equal(new IPEndPoint(IPAddress.Parse(address), server.Port), from);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Serving_ends_after_MessageCount_messages_and_answers_no_further_one(bool portable)
    {
        using var client = new UdpClientSocket();
        var options = DatagramWays.Options(portable);
        options.MessageCount = 3;
        options.Port = 0;
        using var server = EchoUdpServer.Listen(options);
        for (byte i = 0; i < 5; i++)
            client.Send([i], "127.0.0.1", server.LocalEndPoint.Port);

        await Bounded.Start(() => server.Serve()).Soon();

        Assert.Equal((3, 3), (server.MessagesReceived, server.MessagesSent));
        for (byte i = 0; i < 3; i++)
            Assert.Equal([i], client.Receive(out _));
        Assert.Equal(0, client.Socket.Available);
        AssertFree(server.LocalEndPoint.Port);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Stopping_answers_what_has_come_and_frees_the_port(bool portable)
    {
        using var client = new UdpClientSocket();
        using var recorder = new System.Threading.ManualResetEventSlim();
        UdpTestServer? server = null;
        var first = true;
        server = new UdpTestServer(DatagramWays.Options(portable), new UdpRecorder
        {
            OnReceived = () =>
            {
                if (!first)
                    return;
                first = false;
                recorder.Wait(Bounded.Limit); // meanwhile more messages come, and the stop
            },
        });
        for (byte i = 0; i < 100; i++)
            client.Send([i], "127.0.0.1", server.Port);
        server.Server.Stop();
        recorder.Set();

        await server.Serving.Soon();

        Assert.Equal(100, server.Server.MessagesSent);
        AssertFree(server.Port);
        server.Dispose();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_server_that_waits_is_stopped_at_once(bool portable)
    {
        using var server = new UdpTestServer(DatagramWays.Options(portable));
        using var client = new UdpClientSocket();
        client.Exchange([1], server.Port);

        server.Server.Stop();

        await server.Serving.Soon(Bounded.Promptly);
    }

    [Fact]
    public void A_server_that_is_stopped_before_it_serves_does_not_serve()
    {
        using var server = EchoUdpServer.Listen(new EchoUdpServerOptions { Port = 0 });
        server.Stop();

        server.Serve();

        AssertFree(server.LocalEndPoint.Port);
    }

    [Fact]
    public async Task A_server_serves_once()
    {
        using var server = new UdpTestServer(new EchoUdpServerOptions { MessageCount = 1 });
        using var client = new UdpClientSocket();
        client.Exchange([1], server.Port);
        await server.Serving.Soon();

        Assert.Throws<InvalidOperationException>(() => server.Server.Serve());
    }

    [Fact]
    public void Two_servers_never_share_a_port()
    {
        using var first = EchoUdpServer.Listen(new EchoUdpServerOptions { Port = 0 });

        var error = Assert.Throws<EchoException>(() => EchoUdpServer.Listen(new EchoUdpServerOptions { Port = first.LocalEndPoint.Port }));

        Assert.Equal(EchoError.AddressInUse, error.Error);
        Assert.Equal(first.LocalEndPoint.ToString(), error.EndPoint);
    }

    [Theory]
    [InlineData("239.1.2.3")]
    [InlineData("ff02::1234")]
    [InlineData("255.255.255.255")]
    [InlineData("203.0.113.77")]
    public void An_address_that_is_not_this_computers_is_AddressNotAvailable(string address)
    {
        var error = Assert.Throws<EchoException>(() => EchoUdpServer.Listen(new EchoUdpServerOptions { Addresses = [address], Port = 0 }));

        Assert.Equal(EchoError.AddressNotAvailable, error.Error);
    }

    [Fact]
    public async Task An_exception_of_the_observer_ends_the_server_and_reaches_its_caller()
    {
        using var server = new UdpTestServer(recorder: new UdpRecorder { OnReceived = () => throw new FormatException("the observer's own") });
        using var client = new UdpClientSocket();
        client.Send([1], "127.0.0.1", server.Port);

        var error = await Assert.ThrowsAsync<FormatException>(() => server.Serving.Soon());

        Assert.Equal("the observer's own", error.Message);
        AssertFree(server.Port);
    }

    [Fact]
    public void The_limits_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoUdpServerOptions { MessageCount = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoUdpServerOptions { MaxPeers = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoUdpServerOptions { Port = 65536 });
        Assert.Throws<ArgumentException>(() => new EchoUdpServerOptions { Addresses = ["1.2.3"] });
    }

    private static void AssertFree(int port)
    {
        using var socket = new UdpClientSocket(port: port);
    }
}

/// <summary>The two ways to serve datagrams.</summary>
internal static class DatagramWays
{
    public static TheoryData<bool> All => OperatingSystem.IsLinux() ? [false, true] : [true];

    public static EchoUdpServerOptions Options(bool portable, params string[] addresses) => new()
    {
        Addresses = addresses.Length > 0 ? addresses : ["127.0.0.1"],
        Port = 0,
        ChooseSource = !portable,
        Poller = portable ? () => new SelectPoller() : Poller.Create,
    };

    public static void SkipUnlessPossible(bool portable) => Assert.SkipUnless(portable || OperatingSystem.IsLinux(), "only Linux can");
}
