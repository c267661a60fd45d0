using System;
using System.Linq;
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
        if (kind == "HalfClose")
        {
            // Over TLS the close_notify could otherwise meet the reset and take the system's report of it.
            client.ReadExactly(1);
            client.ReadEnd();
        }

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

    [Theory]
    [InlineData("Throttle", 5)]
    [InlineData("Slice", 5)]
    [InlineData("Corrupt", 5)]
    [InlineData("Truncate", 4)]
    [InlineData("Duplicate", 10)]
    public async Task A_connection_is_idle_only_once_the_whole_reply_was_sent(string kind, int count)
    {
        EchoFault[] faults = kind switch
        {
            "Throttle" => [EchoFault.Throttle(6)],
            "Slice" => [EchoFault.Slice(1, Ms(150))],
            "Corrupt" => [EchoFault.Corrupt(1), EchoFault.Delay(Ms(600))],
            "Truncate" => [EchoFault.Truncate(1), EchoFault.Slice(1, Ms(200))],
            _ => [EchoFault.Duplicate(), EchoFault.Slice(5, Ms(600))],
        };
        using var server = Start(o => o.IdleTimeout = Ms(100), faults);
        using var client = Call(server);
        client.Send("hello"u8);
        client.ReadExactly(count);
        client.ReadEnd();
        var connection = await End(server);
        Assert.Equal((EndReason.IdleTimeout, "", (long)count), (connection.EndReason, connection.Detail, connection.BytesSent));
    }

    [Theory]
    [InlineData("Corrupt")]
    [InlineData("Truncate")]
    [InlineData("Duplicate")]
    public async Task A_client_that_never_reads_is_idle(string kind)
    {
        var fault = kind switch
        {
            "Corrupt" => EchoFault.Corrupt(1000),
            "Truncate" => EchoFault.Truncate(1),
            _ => EchoFault.Duplicate(),
        };
        using var server = Start(o => o.IdleTimeout = Ms(500), fault);
        using var client = Call(server);
        var sending = Bounded.Start(() => client.Send(new byte[64_000_000]));
        var connection = await End(server);
        Assert.Equal(EndReason.IdleTimeout, connection.EndReason);
        Assert.Contains("bytes of its replies were held back by a fault and not sent.", connection.Detail, StringComparison.Ordinal);
        Assert.Equal((connection.BytesSent, fault.Kind), (server.Server.BytesSent, connection.Faults.Single().Kind));
        client.Dispose();
        await Record.ExceptionAsync(() => sending.Soon());
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
        await server.Recorder.Ended(2).Soon();
        Assert.Equal([2L, 3L], server.Recorder.Connections.Select(c => c.Connection));
    }

    [Fact]
    public void A_server_without_TLS_refuses_faults_of_TLS()
    {
        var options = new EchoServerOptions { Port = 0, Faults = [EchoFault.FailHandshake()] };
        Assert.Throws<ArgumentException>(() => EchoServer.Listen(options));
    }
}
