using System;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

// Clients that go away, stops and idle limits in the middle of a fault, and what is told of a connection.
public abstract partial class FaultTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    public static TheoryData<string> Kinds => ["Delay", "Throttle", "Slice", "HalfClose", "Silence", "Stall", "Corrupt", "Truncate", "Duplicate"];

    // The last three act at once, so something has to hold back what they made.
    private static EchoFault[] InTheMiddle(string kind) => kind switch
    {
        "Delay" => [EchoFault.Delay(Long)],
        "Throttle" => [EchoFault.Throttle(1)],
        "Slice" => [EchoFault.Slice(1, Long)],
        "HalfClose" => [EchoFault.HalfClose(1)],
        "Silence" => [EchoFault.Silence(1)],
        "Stall" => [EchoFault.Stall(1)],
        "Corrupt" => [EchoFault.Corrupt(1), EchoFault.Slice(100, Long)],
        "Truncate" => [EchoFault.Truncate(1), EchoFault.Slice(100, Long)],
        _ => [EchoFault.Duplicate(), EchoFault.Delay(Long)],
    };

    private async Task<(TestServer Server, TestClient Client)> Enter(string kind, Action<EchoServerOptions>? configure = null)
    {
        var server = Start(configure, InTheMiddle(kind));
        var client = Call(server);
        client.Send(new byte[1000]);
        await Task.Run(() => Bounded.Until(() => server.Server.BytesReceived == 1000), TestContext.Current.CancellationToken);
        return (server, client);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_client_that_resets_in_the_middle_frees_everything(string kind)
    {
        var (server, client) = await Enter(kind);
        client.Reset();

        Assert.Equal(EndReason.PeerReset, (await End(server)).EndReason);
        Assert.Equal(0, server.Server.ActiveConnections);
        server.Dispose();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_stop_in_the_middle_ends_the_connection(string kind)
    {
        var (server, client) = await Enter(kind);
        server.Server.Stop();

        await server.Serving.Soon();
        var connection = server.Recorder.Connections.Single();
        Assert.Equal(EndReason.Stopped, connection.EndReason);
        if (kind is not ("HalfClose" or "Silence"))
        {
            Assert.Contains("bytes of its replies were held back by a fault and not sent.", connection.Detail, StringComparison.Ordinal);
            ReadReset(client);
        }

        client.Dispose();
        server.Dispose();
    }

    [Theory]
    [InlineData(EndReason.PeerReset)]
    [InlineData(EndReason.Stopped)]
    [InlineData(EndReason.IdleTimeout)]
    public async Task A_TLS_handshake_that_stalls_ends_with(EndReason reason)
    {
        Assert.SkipUnless(Tls, "TLS only");
        using var server = Start(o => o.IdleTimeout = reason == EndReason.IdleTimeout ? Ms(300) : null, EchoFault.StallHandshake());
        using var client = Peers.Call(server.EndPoint);
        client.Send([22, 3, 1]);
        await Task.Run(() => Bounded.Until(() => server.Recorder.Injections.Count == 1), TestContext.Current.CancellationToken);
        if (reason == EndReason.Stopped)
            server.Server.Stop();
        else if (reason == EndReason.PeerReset)
            client.Close(0);

        var connection = await End(server);
        Assert.Equal((reason, 0), (connection.EndReason, server.Server.ActiveConnections));
        AssertInjected(connection, (EchoFaultKind.StallHandshake, 0, 1));
    }

    [Theory]
    [InlineData("Silence")]
    [InlineData("Stall")]
    [InlineData("HalfClose")]
    public async Task Silence_and_a_stall_are_idle(string kind)
    {
        var (server, client) = await Enter(kind, o => o.IdleTimeout = Ms(300));
        Assert.Equal(EndReason.IdleTimeout, (await End(server)).EndReason);
        client.Dispose();
        server.Dispose();
    }

    [Fact]
    public async Task A_reply_held_back_is_not_idle()
    {
        using var server = Start(o => o.IdleTimeout = Ms(100), EchoFault.Delay(Ms(1000)));
        using var client = Call(server);
        Assert.Equal("HELLO", Send(client, "hello"));
        Assert.Equal(EndReason.IdleTimeout, (await End(server)).EndReason);
    }

    [Fact]
    public async Task A_reply_that_comes_due_while_the_server_stops_is_sent()
    {
        using var server = Start(o => o.StopGrace = Bounded.Limit, EchoFault.Delay(Ms(600)));
        using var client = Call(server);
        client.Send("hello"u8);
        Bounded.Until(() => server.Server.BytesReceived == 5);
        server.Server.Stop();

        Assert.Equal("HELLO", Encoding.ASCII.GetString(client.ReadExactly(5)));
        client.ReadEnd();
        client.Close();
        var connection = await End(server);
        Assert.Equal((EndReason.Stopped, ""), (connection.EndReason, connection.Detail));
    }

    [Fact]
    public async Task A_stalled_client_that_closes_is_freed()
    {
        var (server, client) = await Enter("Stall");
        client.ReadExactly(1); // left unread, it would make the close a reset
        client.Send("never read"u8);
        client.Close();
        Assert.Equal(EndReason.PeerClosed, (await End(server)).EndReason);
        server.Dispose();
    }

    [Fact]
    public async Task The_first_bytes_that_a_client_sent_are_kept()
    {
        foreach (var faults in new EchoFault[][] { [], [EchoFault.Duplicate()] })
        {
            using var server = Start(o => o.KeepReceived = 7, faults);
            using var client = Call(server);
            Send(client, "hello");
            Send(client, "world");
            client.Close();
            var connection = await End(server);
            Assert.Equal(("hellowo", 1L), (Encoding.ASCII.GetString(connection.ReceivedBytes), connection.Connection));
        }
    }

    [Fact]
    public async Task Faults_can_be_replaced_while_the_server_runs()
    {
        Assert.SkipWhen(One, "needs more than one client");
        using var server = Start(EchoFault.Truncate(1).ForConnections(1), EchoFault.Close().ForConnections(2));
        using var first = Call(server);
        Assert.Equal("HELL", Send(first, "hello", 4));
        using (var second = Call(server))
            second.ReadEnd();

        server.Server.Faults = [];
        using var third = Call(server);
        Assert.Equal("HELLO", Send(third, "hello"));
        Assert.Equal("HELL", Send(first, "hello", 4)); // keeps what it began with
        third.Close();
        await server.Recorder.Ended(2);
        Assert.Equal([2L, 3L], server.Recorder.Connections.Select(c => c.Connection));
    }

    [Fact]
    public async Task A_TLS_handshake_can_fail_stall_or_show_a_wrong_certificate()
    {
        Assert.SkipUnless(Tls, "TLS only");
        using (var server = Start(EchoFault.FailHandshake()))
        {
            Assert.ThrowsAny<Exception>(() => Call(server));
            await AssertEndedByFault(server, EchoFaultKind.FailHandshake, 0, "fails the TLS handshake");
        }

        using (var server = Start(EchoFault.StallHandshake()))
        {
            using var client = Peers.Call(server.EndPoint);
            client.Send([22, 3, 1]);
            client.Shutdown(SocketShutdown.Send);
            var connection = await End(server);
            Assert.Equal((EndReason.PeerClosed, 0L), (connection.EndReason, connection.BytesReceived));
            AssertInjected(connection, (EchoFaultKind.StallHandshake, 0, 1));
        }

        using (var server = Start(EchoFault.WrongCertificate()))
        {
            using var client = Call(server);
            Assert.Equal("CN=wrong.invalid", client.Tls.RemoteCertificate!.Subject);
            client.Close();
            AssertInjected(await End(server), (EchoFaultKind.WrongCertificate, 0, 1));
        }
    }

    [Fact]
    public void A_server_without_TLS_refuses_faults_of_TLS()
    {
        var options = new EchoServerOptions { Port = 0, Faults = [EchoFault.FailHandshake()] };
        Assert.Throws<ArgumentException>(() => EchoServer.Listen(options));
    }
}
