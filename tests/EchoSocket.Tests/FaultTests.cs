using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

public class EpollOneFaultTests : FaultTests
{
    private protected override bool One => true;

    private protected override bool Tls => false;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class EpollManyFaultTests : FaultTests
{
    private protected override bool One => false;

    private protected override bool Tls => false;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class EpollManyTlsFaultTests : TlsFaultTests
{
    private protected override bool One => false;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class EpollThreadsFaultTests : FaultTests
{
    private protected override bool One => false;

    private protected override bool Tls => false;

    private protected override int Threads => 2;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class EpollThreadsTlsFaultTests : FaultTests
{
    private protected override bool One => false;

    private protected override bool Tls => true;

    private protected override int Threads => 2;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectOneFaultTests : FaultTests
{
    private protected override bool One => true;

    private protected override bool Tls => false;

    private protected override IPoller Create() => new SelectPoller();
}

public class SelectManyFaultTests : FaultTests
{
    private protected override bool One => false;

    private protected override bool Tls => false;

    private protected override IPoller Create() => new SelectPoller();
}

public class SelectOneTlsFaultTests : TlsFaultTests
{
    private protected override bool One => true;

    private protected override IPoller Create() => new SelectPoller();
}

/// <summary>Each fault as a plain socket sees it: the same with each poller, for one client and many, plain and over TLS.</summary>
public abstract partial class FaultTests
{
    private const int Large = 300_000; // more than one read

    private protected abstract bool One { get; }

    private protected abstract bool Tls { get; }

    private protected virtual int Threads => 1;

    private protected abstract IPoller Create();

    private protected static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private protected TestServer Start(params EchoFault[] faults) => Start(null, faults);

    private protected TestServer Start(Action<EchoServerOptions>? configure, params EchoFault[] faults)
    {
        using (Create())
        {
            // skips the test if this system has no such poller
        }

        var options = new EchoServerOptions
        {
            Port = 0, Poller = Create, Backlog = 4096, Tls = Tls ? new EchoServerTls() : null, Faults = faults, Seed = 42, ThreadCount = Threads,
        };
        configure?.Invoke(options);
        return new TestServer(options, new Recorder(), One);
    }

    private protected TestClient Call(TestServer server) => TestClient.Connect(server.EndPoint, Tls);

    // The result of the first connection, which also ends a server of one client.
    private protected async Task<ConnectionResult> End(TestServer server)
    {
        await server.Recorder.Ended(1).Soon();
        if (One)
            await server.Serving.Soon();
        else
            Bounded.Until(() => server.Server.ActiveConnections == 0);
        return server.Recorder.Connections.First();
    }

    private static string Send(TestClient client, string message, int? expected = null)
    {
        client.Send(Encoding.ASCII.GetBytes(message));
        return Encoding.ASCII.GetString(client.ReadExactly(expected ?? message.Length));
    }

    private static void ReadReset(TestClient client)
    {
        var error = Assert.ThrowsAny<Exception>(() =>
        {
            while (client.Receive(new byte[1]) > 0)
            {
                // what was on its way before
            }
        });
        var code = (error as SocketException ?? error.InnerException as SocketException)?.SocketErrorCode;
        Assert.Equal(SocketError.ConnectionReset, code);
    }

    private protected static void AssertInjected(ConnectionResult connection, params (EchoFaultKind Kind, long AtByte, long Count)[] expected) =>
        Assert.Equal(expected, connection.Faults.Select(f => (f.Kind, f.AtByte, f.Count)));

    [Fact]
    public async Task A_delay_holds_each_reply_back()
    {
        using var server = Start(EchoFault.Delay(Ms(200)));
        using var client = Call(server);
        for (var i = 0; i < 2; i++)
        {
            var clock = Stopwatch.StartNew();
            Assert.Equal("HELLO", Send(client, "hello"));
            Assert.InRange(clock.Elapsed, Ms(199), Bounded.Limit);
        }

        client.Close();
        var connection = await End(server);
        Assert.Equal((EndReason.PeerClosed, 10L, 10L), (connection.EndReason, connection.BytesReceived, connection.BytesSent));
        AssertInjected(connection, (EchoFaultKind.Delay, 0, 2));
        Assert.InRange(connection.Faults[0].Time, Ms(199), Bounded.Limit);
    }

    [Fact]
    public async Task Delays_of_messages_sent_together_overlap_and_keep_the_order()
    {
        using var server = Start(EchoFault.Delay(Ms(300), Ms(300)));
        using var client = Call(server);
        var message = string.Concat(Enumerable.Range(0, 100).Select(i => $"{i:000} "));
        foreach (var part in message.Chunk(4))
            client.Send(Encoding.ASCII.GetBytes(part));

        Assert.Equal(message, Encoding.ASCII.GetString(client.ReadExactly(message.Length)));
        client.Close();
        Assert.Equal(message.Length, (await End(server)).BytesSent);
    }

    [Fact]
    public void A_throttle_limits_the_rate()
    {
        using var server = Start(EchoFault.Throttle(100_000));
        using var client = Call(server);
        var clock = Stopwatch.StartNew();
        Assert.Equal(new string('X', 50_000), Send(client, new string('x', 50_000)));
        Assert.InRange(clock.Elapsed, Ms(480), Bounded.Limit);
    }

    [Fact]
    public async Task A_slice_drips_byte_by_byte()
    {
        using var server = Start(EchoFault.Slice(1, Ms(20)));
        using var client = Call(server);
        client.Send("hello"u8);
        var (clock, buffer, sizes) = (Stopwatch.StartNew(), new byte[10], new List<int>());
        while (sizes.Sum() < 5)
            sizes.Add(client.Receive(buffer));

        Assert.InRange(clock.Elapsed, Ms(79), Bounded.Limit);
        client.Close();
        AssertInjected(await End(server), (EchoFaultKind.Slice, 0, 5));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    public async Task A_close_is_a_FIN_after_exactly_so_many_bytes(int after)
    {
        using var server = Start(EchoFault.Close(after));
        using var client = Call(server);
        if (after > 0)
            Assert.Equal("HELLO"[..Math.Min(after, 5)], Send(client, "hello", Math.Min(after, 5)));
        if (after > 5)
            Assert.Equal("HELLO"[..(after - 5)], Send(client, "hello", after - 5));

        client.ReadEnd();

        await AssertEndedByFault(server, EchoFaultKind.Close, after, after == 0 ? "closes at once" : $"closes after {after} bytes");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public async Task A_reset_is_an_RST_after_exactly_so_many_bytes(int after)
    {
        using var server = Start(EchoFault.Reset(after));
        using var client = Call(server);
        if (after > 0)
            Assert.Equal(new string('X', after), Send(client, new string('x', after), after));

        ReadReset(client);

        await AssertEndedByFault(server, EchoFaultKind.Reset, after, "resets ");
    }

    [Fact]
    public async Task A_close_and_a_reset_can_come_after_a_time()
    {
        foreach (var fault in new[] { EchoFault.Close(Ms(200)), EchoFault.Reset(Ms(200)) })
        {
            using var server = Start(fault);
            using var client = Call(server);
            Assert.Equal("HELLO", Send(client, "hello"));
            if (fault.Kind == EchoFaultKind.Close)
                client.ReadEnd();
            else
                ReadReset(client);

            await AssertEndedByFault(server, fault.Kind, 5, "after 200 ms");
            Assert.InRange(server.Recorder.Connections.First().Faults[0].Time, Ms(199), Bounded.Limit);
        }
    }

    [Fact]
    public async Task A_close_of_a_large_reply_comes_after_exactly_so_many_bytes_too()
    {
        using var server = Start(EchoFault.Close(Large - 1));
        using var client = Call(server);
        var sending = Bounded.Start(() => client.Send(new byte[Large]));
        client.ReadExactly(Large - 1);
        client.ReadEnd();
        await sending.Soon();
        Assert.Equal(Large - 1, (await End(server)).BytesSent);
    }

    [Fact]
    public async Task A_half_close_sends_FIN_and_reads_on()
    {
        using var server = Start(EchoFault.HalfClose(3));
        using var client = Call(server);
        Assert.Equal("HEL", Send(client, "hello", 3));
        client.ReadEnd();

        client.Send(new byte[Large]);
        Bounded.Until(() => server.Server.BytesReceived == Large + 5);
        client.Socket.Shutdown(SocketShutdown.Send);

        var connection = await End(server);
        Assert.Equal((EndReason.PeerClosed, 3L), (connection.EndReason, connection.BytesSent));
        AssertInjected(connection, (EchoFaultKind.HalfClose, 3, 1));
    }

    [Fact]
    public async Task Silence_reads_on_and_answers_nothing()
    {
        using var server = Start(EchoFault.Silence(3));
        using var client = Call(server);
        Assert.Equal("HEL", Send(client, "hello", 3));
        client.Send(new byte[5_000_000]);
        Bounded.Until(() => server.Server.BytesReceived == 5_000_005);
        Assert.Equal(0, client.Socket.Available);

        client.Close();
        var connection = await End(server);
        Assert.Equal((EndReason.PeerClosed, 3L), (connection.EndReason, connection.BytesSent));
        AssertInjected(connection, (EchoFaultKind.Silence, 3, 1));
    }

    [Fact]
    public async Task A_stall_reads_and_sends_nothing_more_so_the_window_fills()
    {
        using var server = Start(EchoFault.Stall(3));
        using var client = Call(server);
        Assert.Equal("HEL", Send(client, "hello", 3));
        await client.Fill(); // returns only when nothing can be sent any more

        Assert.Equal((5L, 3L, 0), (server.Server.BytesReceived, server.Server.BytesSent, client.Socket.Available));
        client.Reset();
        var connection = await End(server);
        Assert.Equal(EndReason.PeerReset, connection.EndReason);
        AssertInjected(connection, (EchoFaultKind.Stall, 3, 1));
    }

    [Fact]
    public async Task Corruption_is_the_same_for_the_same_seed_and_recorded()
    {
        var replies = new List<byte[]>();
        for (var i = 0; i < 2; i++)
        {
            using var server = Start(EchoFault.Corrupt(100));
            using var client = Call(server);
            var sending = Bounded.Start(() => client.Send(new byte[Large]));
            replies.Add(client.ReadExactly(Large));
            await sending.Soon();
            client.Close();
            var changed = replies[i].Count(b => b != 0);
            AssertInjected(await End(server), (EchoFaultKind.Corrupt, Array.FindIndex(replies[i], b => b != 0), changed));
            Assert.InRange(changed, 2500, 3500);
        }

        Assert.Equal(replies[0], replies[1]);
    }

    [Fact]
    public async Task Truncated_and_duplicated_replies_arrive_so()
    {
        using (var server = Start(EchoFault.Truncate(2)))
        using (var client = Call(server))
        {
            Assert.Equal("HEL", Send(client, "hello", 3));
            Assert.Equal("WOR", Send(client, "world", 3));
            client.Close();
            var connection = await End(server);
            Assert.Equal((10L, 6L, 6L), (connection.BytesReceived, connection.BytesSent, server.Server.BytesSent));
            AssertInjected(connection, (EchoFaultKind.Truncate, 3, 2));
        }

        using (var server = Start(EchoFault.Duplicate()))
        using (var client = Call(server))
        {
            Assert.Equal("HELLOHELLO", Send(client, "hello", 10));
            client.Close();
            var connection = await End(server);
            Assert.Equal((5L, 10L, 10L), (connection.BytesReceived, connection.BytesSent, server.Server.BytesSent));
            AssertInjected(connection, (EchoFaultKind.Duplicate, 5, 1));
        }
    }

    [Fact]
    public async Task A_refused_connection_is_reset_before_anything_is_read()
    {
        using var server = Start(EchoFault.RefuseConnection());
        using var client = Peers.Call(server.EndPoint);
        var error = Assert.Throws<SocketException>(() => client.Receive(new byte[1]));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        await AssertEndedByFault(server, EchoFaultKind.RefuseConnection, 0, "resets on connecting");
        Assert.Equal(0, server.Recorder.Connections.First().BytesReceived);
    }

    [Fact]
    public async Task Faults_compose()
    {
        using var server = Start(EchoFault.Truncate(1), EchoFault.Duplicate(), EchoFault.Slice(2, Ms(5)), EchoFault.Delay(Ms(50)), EchoFault.Reset(7));
        using var client = Call(server);
        Assert.Equal("HELLHEL", Send(client, "hello", 7));
        ReadReset(client);
        await AssertEndedByFault(server, EchoFaultKind.Reset, 7, "resets after 7 bytes");
        Assert.Equal(
            [EchoFaultKind.Delay, EchoFaultKind.Slice, EchoFaultKind.Truncate, EchoFaultKind.Duplicate, EchoFaultKind.Reset],
            server.Recorder.Connections.First().Faults.Select(f => f.Kind));
    }

    [Fact]
    public async Task A_half_closed_client_gets_what_is_held_back_for_it()
    {
        using var server = Start(EchoFault.Delay(Ms(200)));
        using var client = Call(server);
        client.Send("hello"u8);
        client.CloseSending();
        Assert.Equal("HELLO", Encoding.ASCII.GetString(client.ReadExactly(5)));
        client.ReadEnd();
        Assert.Equal(EndReason.PeerClosed, (await End(server)).EndReason);
    }

    private protected async Task AssertEndedByFault(TestServer server, EchoFaultKind kind, long atByte, string detail)
    {
        var connection = await End(server);
        Assert.Equal((EndReason.Faulted, atByte), (connection.EndReason, connection.BytesSent));
        Assert.StartsWith("As asked, the server ", connection.Detail, StringComparison.Ordinal);
        Assert.Contains(detail, connection.Detail, StringComparison.Ordinal);
        Assert.Equal((kind, atByte, 1L), connection.Faults.Select(f => (f.Kind, f.AtByte, f.Count)).Last());
        Assert.Equal(atByte, server.Server.BytesSent);
    }
}
