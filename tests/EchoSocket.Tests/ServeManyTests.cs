using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;
using EchoSocket.Polling;
using EchoSocket.Serving;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

public class EpollServeManyTests : ServeManyTests
{
    private protected override bool Tls => false;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class EpollTlsServeManyTests : ServeManyTests
{
    private protected override bool Tls => true;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectServeManyTests : ServeManyTests
{
    private protected override bool Tls => false;

    private protected override IPoller Create() => new SelectPoller();
}

public class SelectTlsServeManyTests : ServeManyTests
{
    private protected override bool Tls => true;

    private protected override IPoller Create() => new SelectPoller();
}

public class EpollThreadsServeManyTests : ServeManyTests
{
    private protected override bool Tls => false;

    private protected override int Threads => 3;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectThreadsTlsServeManyTests : ServeManyTests
{
    private protected override bool Tls => true;

    private protected override int Threads => 2;

    private protected override IPoller Create() => new SelectPoller();
}

/// <summary>Many clients at once, the same with each poller, plain and over TLS.</summary>
public abstract partial class ServeManyTests
{
    private protected abstract bool Tls { get; }

    private protected virtual int Threads => 1;

    private protected abstract IPoller Create();

    private TestServer Start(Action<EchoServerOptions>? configure = null, Recorder? recorder = null)
    {
        using (Create())
        {
            // skips the test if this system has no such poller
        }

        var options = new EchoServerOptions { Port = 0, Poller = Create, Backlog = 4096, Tls = Tls ? new EchoServerTls() : null, ThreadCount = Threads };
        configure?.Invoke(options);
        return new TestServer(options, recorder ?? new Recorder());
    }

    private TestClient Call(TestServer server) => TestClient.Connect(server.EndPoint, Tls);

    private EchoClient Client(TestServer server) =>
        Peers.Client(server.EndPoint, tls: Tls ? new EchoClientTls { TrustedCertificates = [server.Server.Certificate!] } : null);

    [Fact]
    public async Task Many_clients_are_served_at_once_and_each_end_is_reported()
    {
        using var server = Start();
        var clients = Enumerable.Range(0, 50).Select(_ => Client(server)).ToList();
        foreach (var round in new[] { "one", "two" })
        {
            foreach (var client in clients)
                Assert.Equal(round.ToUpperInvariant(), Exchange(client, round));
        }

        Assert.Equal(50, server.Server.ActiveConnections);
        clients.ForEach(c => c.Dispose());
        await server.Recorder.Ended(50);
        await server.StopAsync();

        Assert.All(server.Recorder.Connections, c => Assert.Equal((EndReason.PeerClosed, 6L, 6L), (c.EndReason, c.BytesReceived, c.BytesSent)));
        Assert.Equal(50, server.Recorder.Connections.Select(c => c.RemoteEndPoint).Distinct().Count());
        Assert.Equal((0, 50L, 300L, 300L), Totals(server.Server));
    }

    [Theory]
    [InlineData(EchoTransform.Upper)]
    [InlineData(EchoTransform.None)]
    public async Task Every_byte_value_and_any_size_is_echoed(EchoTransform transform)
    {
        using var server = Start(o => o.Transform = transform);
        var message = new byte[5_000_000];
        new Random(7).NextBytes(message);
        for (var i = 0; i < 256; i++)
            message[i] = (byte)i;
        var reply = new byte[message.Length];

        using (var client = Client(server))
            client.Exchange(message, message.Length, reply);

        if (transform == EchoTransform.Upper)
            AsciiUpper.Apply(message, 0, message.Length);
        Assert.True(message.AsSpan().SequenceEqual(reply));
        await server.Recorder.Ended(1);
    }

    [Fact]
    public async Task A_client_that_never_reads_is_not_read_from_and_delays_no_other()
    {
        using var server = Start();
        using var greedy = Call(server);
        await greedy.Fill();

        using var client = Client(server);
        Assert.Equal("STILL SERVED", Exchange(client, "still served"));
        Assert.InRange(server.Server.BytesReceived - server.Server.BytesSent, 0, 256 * 1024 + 12);
    }

    [Fact]
    public async Task Unsent_replies_are_bounded_however_many_clients_do_not_read_and_others_are_served()
    {
        const int Clients = 50;
        const int Budget = 1024 * 1024;
        using var server = Start(o => o.UnsentBudget = Budget);
        var greedy = Enumerable.Range(0, Clients).Select(_ => Call(server)).ToList();
        await Task.WhenAll(greedy.Select(g => g.Fill())).Soon();

        using var client = Client(server);
        Assert.Equal("STILL SERVED", Exchange(client, "still served"));

        Assert.InRange(server.Server.BytesReceived - server.Server.BytesSent, Budget / 2, Budget + (Clients * (Tls ? TlsTransport.MinCount : UnsentReplies.MinReadSize)));
        greedy.ForEach(g => g.Dispose());
        await server.Recorder.Ended(Clients);
        Assert.Equal(new string('X', 100_000), Exchange(client, new string('x', 100_000)));
    }

    [Fact]
    public async Task A_slow_reader_gets_its_whole_reply()
    {
        using var server = Start();
        using var slow = Call(server);
        var message = new byte[16 * 1024 * 1024];
        new Random(3).NextBytes(message);
        var sending = Bounded.Start(() => slow.Send(message));
        SpinWait.SpinUntil(() => server.Server.BytesReceived > 100_000, Bounded.Limit); // so that replies pile up

        var reply = slow.ReadExactly(message.Length);
        await sending.Soon();

        AsciiUpper.Apply(message, 0, message.Length);
        Assert.True(message.AsSpan().SequenceEqual(reply));
    }

    [Fact]
    public async Task A_silent_connection_ends_with_IdleTimeout_and_an_active_one_does_not()
    {
        using var server = Start(o => o.IdleTimeout = TimeSpan.FromMilliseconds(400));
        var clock = Stopwatch.StartNew(); // a connection over TLS is not made in no time
        using var silent = Call(server);
        using var active = Client(server);

        while (server.Recorder.Connections.Count == 0 && clock.Elapsed < Bounded.Limit)
            Exchange(active, "x");

        Assert.Equal(EndReason.IdleTimeout, server.Recorder.Connections.Single().EndReason);
        silent.ReadEnd();
        Assert.Equal("X", Exchange(active, "x"));
        Assert.InRange(clock.Elapsed, TimeSpan.FromMilliseconds(350), Bounded.Limit);
        await server.StopAsync();
    }

    [Fact]
    public async Task Connections_one_after_another_leave_nothing_behind_and_are_all_accounted_for()
    {
        var count = Tls ? 300 : 3_000;
        using var server = Start();
        void Round(int n)
        {
            for (var i = 0; i < n; i++)
            {
                using var client = Call(server);
                client.Send("hello"u8);
                client.ReadExactly(5);
            }
        }

        Round(100);
        await server.Recorder.Ended(100);
        var handles = Handles();
        Round(count);
        await server.Recorder.Ended(100 + count);
        Assert.True(SpinWait.SpinUntil(() => Handles() - handles < 50, Bounded.Limit)); // other tests come and go; a leak stays

        await server.StopAsync();
        Assert.Equal((0, 100L + count, 5L * (100 + count), 5L * (100 + count)), Totals(server.Server));
        Assert.Equal(100 + count, server.Recorder.Connections.Count(c => c.EndReason == EndReason.PeerClosed && c.BytesSent == 5));
    }

    private static int Handles() => OperatingSystem.IsLinux() ? System.IO.Directory.GetFiles("/proc/self/fd").Length : 0;

    private static (int, long, long, long) Totals(EchoServer server) =>
        (server.ActiveConnections, server.TotalConnections, server.BytesReceived, server.BytesSent);

    private static string Exchange(EchoClient client, string message)
    {
        var bytes = System.Text.Encoding.ASCII.GetBytes(message);
        var reply = new byte[bytes.Length];
        client.Exchange(bytes, bytes.Length, reply);
        return System.Text.Encoding.ASCII.GetString(reply);
    }
}
