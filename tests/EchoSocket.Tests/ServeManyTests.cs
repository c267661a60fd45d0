using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

public class EpollServeManyTests : ServeManyTests
{
    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectServeManyTests : ServeManyTests
{
    private protected override IPoller Create() => new SelectPoller();
}

/// <summary>Many clients at once, the same with each poller.</summary>
public abstract partial class ServeManyTests
{
    private protected abstract IPoller Create();

    private ManyServer Start(Action<EchoServerOptions>? configure = null, Recorder? recorder = null)
    {
        using (Create())
        {
            // skips where there is no such poller
        }

        var options = new EchoServerOptions { Port = 0, Poller = Create, Backlog = 4096 };
        configure?.Invoke(options);
        return new ManyServer(options, recorder ?? new Recorder());
    }

    [Fact]
    public async Task Many_clients_are_served_at_once_and_each_end_is_told()
    {
        using var server = Start();
        var clients = Enumerable.Range(0, 50).Select(_ => Peers.Client(server.EndPoint)).ToList();
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
    [InlineData(int.MaxValue, 8)]
    [InlineData(98, 2)]
    public async Task New_clients_do_not_wait_for_a_round_of_all_others_each(int maxConnections, int served)
    {
        HeldPoller poller = null!;
        using var server = Start(o => (o.Poller, o.MaxConnections) = (() => poller = new HeldPoller(Create()), maxConnections));
        var clients = Enumerable.Range(0, 96).Select(_ => Peers.Call(server.EndPoint)).ToList();
        clients.ForEach(c => c.Send("a"u8));
        clients.ForEach(c => c.ReadExactly(1));

        // While the server is held between two rounds, all of them send, and others come.
        poller.Hold();
        clients[0].Send("b"u8); // wakes it, if it waits already
        await poller.Held.Soon();
        clients.AddRange(Enumerable.Range(0, 8).Select(_ => Peers.Call(server.EndPoint)));
        clients.ForEach(c => c.Send("a"u8));
        poller.Release();

        Assert.Equal("B"u8, clients[0].ReadExactly(1));
        clients.Take(96 + served).ToList().ForEach(c => Assert.Equal("A"u8, c.ReadExactly(1)));
        Assert.InRange(poller.MostClientsInARound, 2, 8);
        Assert.Equal(96 + served, server.Recorder.MostActive);
        clients.ForEach(c => c.Dispose());
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

        using (var client = Peers.Client(server.EndPoint))
            client.Exchange(message, message.Length, reply);

        if (transform == EchoTransform.Upper)
            AsciiUpper.Apply(message, 0, message.Length);
        Assert.True(message.AsSpan().SequenceEqual(reply));
        await server.Recorder.Ended(1);
    }

    [Fact]
    public async Task A_reset_is_told_from_a_close()
    {
        using var server = Start();
        var client = Peers.Call(server.EndPoint);
        client.Send("x"u8);
        client.ReadExactly(1);

        client.Reset();

        await server.Recorder.Ended(1);
        Assert.Equal(EndReason.PeerReset, server.Recorder.Connections.Single().EndReason);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(3_000_000)]
    public async Task A_half_closed_client_gets_its_whole_reply(int length)
    {
        using var server = Start();
        using var client = Peers.Call(server.EndPoint);
        var sending = Bounded.Start(() =>
        {
            client.Send(Enumerable.Repeat((byte)'x', length).ToArray());
            client.Shutdown(SocketShutdown.Send);
        });

        Assert.Equal(Enumerable.Repeat((byte)'X', length), client.ReadExactly(length));
        Assert.Equal(0, client.Receive(new byte[1]));
        await sending.Soon();
        await server.Recorder.Ended(1);
        Assert.Equal(EndReason.PeerClosed, server.Recorder.Connections.Single().EndReason);
    }

    [Fact]
    public async Task A_client_that_never_reads_is_not_read_from_and_delays_nobody()
    {
        using var server = Start();
        using var greedy = Peers.Call(server.EndPoint);
        await Fill(greedy);

        using var client = Peers.Client(server.EndPoint);
        Assert.Equal("STILL SERVED", Exchange(client, "still served"));
        Assert.InRange(server.Server.BytesReceived - server.Server.BytesSent, 0, 256 * 1024 + 12);
    }

    [Fact]
    public async Task A_client_that_sends_without_end_gets_one_turn_a_round()
    {
        CountingPoller poller = null!;
        using var server = Start(o => o.Poller = () => poller = new CountingPoller(Create()));
        using var flooder = Peers.Call(server.EndPoint);
        var reading = Bounded.Start(() => flooder.ReadExactly(64 * 1024 * 1024));
        var flooding = Bounded.Start(() => flooder.Send(new byte[64 * 1024 * 1024]));

        using var client = Peers.Client(server.EndPoint);
        for (var i = 0; i < 100; i++)
            Assert.Equal("X", Exchange(client, "x"));
        await flooding.Soon();
        await reading.Soon();

        Assert.Equal(1, poller.MostReadsOfOneInARound); // a server that is stopped reads more
    }

    [Fact]
    public async Task What_a_slow_reader_gets_in_the_end_is_right()
    {
        using var server = Start();
        using var slow = Peers.Call(server.EndPoint);
        var message = new byte[16 * 1024 * 1024];
        new Random(3).NextBytes(message);
        var sending = Bounded.Start(() => slow.Send(message));
        SpinWait.SpinUntil(() => server.Server.BytesReceived > 100_000, Bounded.Limit); // and the replies pile up

        var reply = slow.ReadExactly(message.Length);
        await sending.Soon();

        AsciiUpper.Apply(message, 0, message.Length);
        Assert.True(message.AsSpan().SequenceEqual(reply));
    }

    [Fact]
    public async Task MaxConnections_lets_further_clients_wait_until_a_place_is_free()
    {
        using var server = Start(o => o.MaxConnections = 2);
        var first = Peers.Client(server.EndPoint);
        using var second = Peers.Client(server.EndPoint);
        Exchange(first, "a");
        Exchange(second, "b");
        using var third = Peers.Client(server.EndPoint); // in the backlog
        var waiting = Bounded.Start(() => Exchange(third, "c"));
        Assert.Equal("B", Exchange(second, "b"));
        Assert.Equal(2, server.Server.TotalConnections);

        first.Dispose();

        Assert.Equal("C", await waiting.Soon());
        Assert.Equal(3, server.Server.TotalConnections);
        Assert.Equal(2, server.Recorder.MostActive);
    }

    [Fact]
    public async Task ConnectionCount_returns_after_so_many_have_come_and_gone()
    {
        using var server = Start(o => o.ConnectionCount = 3);
        using (var last = Peers.Client(server.EndPoint))
        {
            for (var i = 0; i < 2; i++)
            {
                using var client = Peers.Client(server.EndPoint);
                Exchange(client, "x");
            }

            Exchange(last, "x");
            Assert.Equal(EchoError.ConnectionRefused, Assert.Throws<EchoException>(() => Peers.Client(server.EndPoint)).Error);
            Exchange(last, "still served");
        }

        await server.Serving.Soon();
        Assert.Equal(3, server.Recorder.Connections.Count);
    }

    [Fact]
    public async Task A_silent_connection_ends_with_IdleTimeout_and_an_active_one_does_not()
    {
        using var server = Start(o => o.IdleTimeout = TimeSpan.FromMilliseconds(400));
        using var silent = Peers.Call(server.EndPoint);
        using var active = Peers.Client(server.EndPoint);

        var clock = Stopwatch.StartNew();
        while (server.Recorder.Connections.Count == 0 && clock.Elapsed < Bounded.Limit)
            Exchange(active, "x");

        Assert.Equal(EndReason.IdleTimeout, server.Recorder.Connections.Single().EndReason);
        Assert.Equal(0, silent.Receive(new byte[1])); // FIN
        Assert.Equal("X", Exchange(active, "x"));
        Assert.InRange(clock.Elapsed, TimeSpan.FromMilliseconds(350), Bounded.Limit);
        await server.StopAsync();
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_idle_and_gets_every_reply_that_was_counted_and_FIN()
    {
        using var server = Start(o => o.IdleTimeout = TimeSpan.FromMilliseconds(400));
        using var client = Peers.Call(server.EndPoint);
        await Bounded.Start(() => client.Send(new byte[5_000_000])).Soon(); // more than the way back takes

        await server.Recorder.Ended(1);

        var connection = server.Recorder.Connections.Single();
        Assert.Equal(EndReason.IdleTimeout, connection.EndReason);
        client.ReadExactly((int)connection.BytesSent);
        Assert.Equal(0, client.Receive(new byte[1])); // a reset would throw
    }

    [Fact]
    public async Task Connections_one_after_another_leave_nothing_behind_and_are_all_accounted_for()
    {
        const int count = 3_000;
        using var server = Start();
        void Round(int n)
        {
            for (var i = 0; i < n; i++)
            {
                using var client = Peers.Call(server.EndPoint);
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

    /// <summary>Sends without reading until both ways are full.</summary>
    private static Task Fill(Socket greedy) => Bounded.Start(() =>
    {
        greedy.SendTimeout = 250;
        try
        {
            for (var chunk = new byte[256 * 1024]; ;)
                greedy.Send(chunk);
        }
        catch (SocketException)
        {
            // full
        }
    }).Soon();

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

    /// <summary>Counts how often one client is read from between one wait and the next.</summary>
    private sealed class CountingPoller(IPoller poller) : WrappedPoller(poller)
    {
        private readonly Dictionary<int, int> _reads = [];

        public int MostReadsOfOneInARound { get; private set; }

        public override int Wait(int milliseconds, int[] ready)
        {
            _reads.Clear();
            return base.Wait(milliseconds, ready);
        }

        public override int Receive(int token, byte[] buffer, out SocketError error)
        {
            _reads[token] = _reads.GetValueOrDefault(token) + 1;
            MostReadsOfOneInARound = Math.Max(MostReadsOfOneInARound, _reads[token]);
            return base.Receive(token, buffer, out error);
        }
    }

    /// <summary>Can be held before it waits, and counts how many clients come between one wait and the next.</summary>
    private sealed class HeldPoller(IPoller poller) : WrappedPoller(poller)
    {
        private readonly ManualResetEventSlim _gate = new(initialState: true);
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _clients;

        public Task Held => _held.Task;

        public int MostClientsInARound { get; private set; }

        public void Hold()
        {
            MostClientsInARound = 0;
            _gate.Reset();
        }

        public void Release() => _gate.Set();

        public override IPEndPoint? Accept(int listener, int token, out SocketError error)
        {
            var client = base.Accept(listener, token, out error);
            if (client is not null)
                MostClientsInARound = Math.Max(MostClientsInARound, ++_clients);
            return client;
        }

        public override int Wait(int milliseconds, int[] ready)
        {
            if (!_gate.IsSet)
            {
                _held.TrySetResult();
                Assert.True(_gate.Wait(Bounded.Limit));
            }

            _clients = 0;
            return base.Wait(milliseconds, ready);
        }
    }
}
