using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.ComponentModel;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Polling;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

public class EpollThreadCountTests : ThreadCountTests
{
    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectThreadCountTests : ThreadCountTests
{
    private protected override IPoller Create() => new SelectPoller();
}

/// <summary>
/// What several threads change: who serves whom. That all else stays as it is, the tests of one thread prove that also run with several.
/// </summary>
public abstract class ThreadCountTests
{
    // Which thread has served a message, by its last byte.
    private readonly ConcurrentDictionary<byte, int> _servedBy = new();

    private readonly ConcurrentQueue<IPoller> _pollers = new();

    private protected abstract IPoller Create();

    private TestServer Start(int threads, Action<EchoServerOptions>? configure = null, Recorder? recorder = null)
    {
        using (Create())
        {
            // skips the test if this system has no such poller
        }

        var options = new EchoServerOptions
        {
            Port = 0, Poller = Create, Backlog = 4096, ThreadCount = threads, StopGrace = TimeSpan.FromMilliseconds(500),
            TransformBytes = (buffer, count) => _servedBy[buffer[count - 1]] = Environment.CurrentManagedThreadId,
        };
        configure?.Invoke(options);
        return new TestServer(options, recorder ?? new Recorder());
    }

    // The first poller is that of the loop that accepts.
    private IPoller Wrap(Func<IPoller, int, IPoller> wrap)
    {
        _pollers.Enqueue(wrap(Create(), _pollers.Count));
        return _pollers.Last();
    }

    private static TestClient Call(TestServer server) => TestClient.Connect(server.EndPoint, tls: false);

    // Returns the thread that serves the client.
    private int Exchange(TestClient client)
    {
        client.Send("x"u8);
        Assert.Equal("x"u8, client.ReadExactly(1));
        return _servedBy[(byte)'x'];
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(EchoServerOptions.MaxThreadCount + 1)]
    public void A_number_of_threads_out_of_range_is_refused(int count) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoServerOptions { ThreadCount = count });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task A_new_client_goes_to_the_thread_with_the_fewest(int threads)
    {
        const int Each = 20;
        using var server = Start(threads);
        var clients = Enumerable.Range(0, threads * Each).Select(_ => Call(server)).Select(client => (Client: client, Thread: Exchange(client))).ToList();
        Assert.Equal(Enumerable.Repeat(Each, threads), clients.GroupBy(c => c.Thread).Select(g => g.Count()));

        // One thread loses all its clients, and another one half.
        var one = clients[0].Thread;
        var other = clients[^1].Thread;
        var gone = clients.Where(c => c.Thread == one).Concat(clients.Where(c => c.Thread == other).Take(threads > 1 ? Each / 2 : 0)).ToList();
        gone.ForEach(c => c.Client.Close());
        await server.Recorder.Ended(gone.Count);
        Bounded.Until(() => server.Server.ActiveConnections == clients.Count - gone.Count);
        clients = [.. clients.Except(gone), .. gone.Select(_ => Call(server)).Select(client => (client, Exchange(client)))];

        Assert.Equal(Enumerable.Repeat(Each, threads), clients.GroupBy(c => c.Thread).Select(g => g.Count()));
        await server.StopAsync();
        clients.ForEach(c => c.Client.Dispose());
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 4)]
    [InlineData(3, int.MaxValue)]
    public async Task The_limits_are_exact_in_a_flood_of_clients(int threads, int maxConnections)
    {
        const int Count = 300;
        using var server = Start(threads, o => (o.MaxConnections, o.ConnectionCount) = (maxConnections, Count));
        var flood = Enumerable.Range(0, 4).Select(_ => Bounded.Start(() =>
        {
            for (var served = 0; ; served++)
            {
                try
                {
                    using var client = Call(server);
                    client.Send("x"u8);
                    client.ReadExactly(1);
                }
                catch (Exception e) when (e is SocketException or System.IO.IOException)
                {
                    return served; // the server has accepted its last client
                }
            }
        })).ToList();

        var (least, most) = (0, 0);
        while (!server.Serving.IsCompleted)
        {
            var active = server.Server.ActiveConnections;
            (least, most) = (Math.Min(least, active), Math.Max(most, active));
            Thread.Yield();
        }

        await server.Serving.Soon();
        Assert.Equal(Count, (await Task.WhenAll(flood).Soon()).Sum());
        Assert.Equal(Enumerable.Range(1, Count).Select(n => (long)n), server.Recorder.Connections.Select(c => c.Connection).Order());
        Assert.Equal((0, (long)Count, (long)Count, (long)Count), Totals(server.Server));
        Assert.InRange(least, 0, 0);
        Assert.InRange(Math.Max(most, server.Recorder.MaxActiveConnections), 1, Math.Min(maxConnections, Count));
    }

    [Fact]
    public async Task A_limit_is_in_force_before_the_client_that_reached_it_is_handed_over()
    {
        TestServer? server = null;
        var refused = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (server = Start(2, o => (o.ConnectionCount, o.Poller) = (1, () => Wrap((poller, index) => index == 0 ? poller
            : new WakePoller(poller, () => refused.TrySetResult(Record.Exception(() => Call(server!).Dispose()) is SocketException))))))
        {
            using var client = Call(server);
            Assert.True(await refused.Task.Soon());
        }
    }

    [Fact]
    public async Task A_client_that_is_handed_over_while_the_server_stops_is_answered()
    {
        using var server = Start(2, o => o.Poller = () => Wrap((poller, index) => index == 0 ? poller : new HeldPoller(poller)));
        Bounded.Until(() => _pollers.Count == 2);
        var held = (HeldPoller)_pollers.Last();
        await held.Held.Soon();
        using var client = Call(server);
        client.Send("last"u8);
        Bounded.Until(() => server.Server.TotalConnections == 1);
        Assert.Equal(1, server.Server.ActiveConnections);

        server.Server.Stop();
        Bounded.Until(() => Record.Exception(() => Call(server).Dispose()) is SocketException); // nothing more is accepted
        held.Release();

        Assert.Equal("last"u8, client.ReadExactly(4));
        client.ReadEnd();
        client.Close();
        await server.Serving.Soon();
        var connection = Assert.Single(server.Recorder.Connections);
        Assert.Equal((EndReason.Stopped, "", 4L), (connection.EndReason, connection.Detail, connection.BytesSent));
        Assert.Equal(0, server.Server.ActiveConnections);
    }

    [Fact]
    public async Task A_server_that_fails_closes_a_client_that_was_just_handed_over()
    {
        using var server = Start(2, o => o.Poller = () => Wrap((poller, index) => index == 0 ? new FailingPoller(poller) : new HeldPoller(poller)));
        Bounded.Until(() => _pollers.Count == 2);
        var held = (HeldPoller)_pollers.Last();
        await held.Held.Soon();
        using var client = Call(server);
        Bounded.Until(() => server.Server.TotalConnections == 1);

        ((FailingPoller)_pollers.First()).Fail();
        Bounded.Until(() => held.Wakes == 2); // for the client, and to end
        held.Release();

        await Assert.ThrowsAsync<EchoException>(() => server.Serving.Soon());
        client.ReadEnd();
        Assert.Empty(server.Recorder.Connections);
        Assert.Equal(0, server.Server.ActiveConnections);
    }

    [Fact]
    public void A_thread_that_is_busy_with_a_client_delays_no_client_of_the_others()
    {
        using var busy = new ManualResetEventSlim();
        using var proceed = new ManualResetEventSlim();
        using var server = Start(3, o => o.TransformBytes = (buffer, _) =>
        {
            if (buffer[0] != (byte)'!')
                return;

            busy.Set();
            Assert.True(proceed.Wait(Bounded.Limit));
        });
        using var slow = Call(server);
        slow.Send("!"u8);
        Assert.True(busy.Wait(Bounded.Limit));

        for (var i = 0; i < 2; i++) // with the fewest, the two other threads
        {
            using var client = Call(server);
            for (var message = 0; message < 10; message++)
            {
                client.Send("x"u8);
                Assert.Equal("x"u8, client.ReadExactly(1));
            }
        }

        proceed.Set();
        Assert.Equal("!"u8, slow.ReadExactly(1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_poller_that_fails_ends_all_threads_and_its_error_reaches_the_caller(int failing)
    {
        using var server = Start(3, o => o.Poller = () => Wrap((poller, _) => new FailingPoller(poller)));
        var clients = Enumerable.Range(0, 6).Select(_ => Call(server)).ToList();
        clients.ForEach(client => Exchange(client));

        ((FailingPoller)_pollers.ElementAt(failing)).Fail();

        var error = await Assert.ThrowsAsync<EchoException>(() => server.Serving.Soon());
        Assert.Equal(EchoError.SocketFailure, error.Error);
        Assert.Empty(server.Recorder.Connections); // as with one thread: the server has failed, not the connections
        Assert.Equal(0, server.Server.ActiveConnections);
        clients.ForEach(client =>
        {
            client.ReadEnd();
            client.Dispose();
        });
    }

    [Fact]
    public async Task An_observer_that_throws_while_the_server_stops_ends_all_threads_and_gets_no_more_calls()
    {
        var calls = 0;
        var recorder = new Recorder
        {
            OnEnded = () =>
            {
                calls++;
                throw new InvalidOperationException("the observer's own");
            },
        };
        using var server = Start(3, o => o.StopGrace = TimeSpan.FromHours(1), recorder);
        var clients = Enumerable.Range(0, 6).Select(_ => Call(server)).ToList();
        clients.ForEach(client => Exchange(client));
        server.Server.Stop();
        clients.ForEach(client => client.ReadEnd());

        clients[0].Close();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => server.Serving.Soon());
        Assert.Equal(("the observer's own", 1), (error.Message, calls));
        Assert.Equal(0, server.Server.ActiveConnections);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task A_poller_that_cannot_be_made_ends_the_server_and_its_port_is_free_again()
    {
        var made = 0;
        using var server = Start(3, o => o.Poller = () => made++ < 2 ? Create() : throw new Win32Exception(24)); // EMFILE

        var error = await Assert.ThrowsAsync<EchoException>(() => server.Serving.Soon());

        Assert.Equal(EchoError.SocketFailure, error.Error);
        server.Server.Dispose();
        using var again = EchoServer.Listen(new EchoServerOptions { Port = server.EndPoint.Port });
    }

    [Fact]
    public async Task A_client_that_its_thread_cannot_register_is_Faulted_and_no_other()
    {
        using var server = Start(2, o => o.Poller = () => Wrap((poller, index) => index == 0 ? poller : new RefusingPoller(poller)));
        using var client = Call(server);
        client.ReadEnd();
        await server.Recorder.Ended(1);
        Bounded.Until(() => server.Server.ActiveConnections == 0);
        using var next = Call(server);
        Exchange(next);

        var connection = Assert.Single(server.Recorder.Connections);
        Assert.Equal((EndReason.Faulted, 1L), (connection.EndReason, connection.Connection));
        Assert.Contains(nameof(SocketError.NoBufferSpaceAvailable), connection.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_has_the_same_faults_whichever_thread_serves_it()
    {
        EchoFault[] faults = [EchoFault.Truncate(1).WithProbability(0.5), EchoFault.Corrupt(1).WithProbability(0.5), EchoFault.Duplicate().ForConnections(3, 7)];
        var results = new List<List<string>>();
        foreach (var threads in new[] { 1, 2, 3 })
        {
            using var server = Start(threads, o => (o.Faults, o.Seed) = (faults, 7));
            var clients = new List<TestClient>();
            for (var i = 0; i < 12; i++)
            {
                clients.Add(Call(server)); // not closed at once, so that they go to different threads
                clients[i].Send("hello world"u8);
                Bounded.Until(() => server.Server.BytesReceived == 11 * (i + 1));
            }

            clients.ForEach(client => client.CloseSending());
            await server.Recorder.Ended(clients.Count);
            results.Add([.. server.Recorder.Connections.OrderBy(c => c.Connection).Select(
                c => $"{c.Connection} {c.BytesSent} {string.Join(", ", c.Faults.Select(f => (f.Kind, f.AtByte, f.Count)))}")]);
            clients.ForEach(client => client.Dispose());
        }

        Assert.Contains(results[0], r => r.Contains(nameof(EchoFaultKind.Corrupt), StringComparison.Ordinal));
        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_observer_gets_one_call_at_a_time_and_the_bytes_only_if_it_asks_for_them(bool observesReceived)
    {
        const int Clients = 12;
        const int Messages = 50;
        var observer = new OneAtATime(observesReceived);
        using var server = EchoServer.Listen(new EchoServerOptions { Port = 0, Poller = Create, ThreadCount = 3, ConnectionCount = Clients });
        using (Create())
        {
            // skips the test if this system has no such poller
        }

        var serving = Bounded.Start(() => server.ServeMany(observer));
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Bounded.Start(() =>
        {
            using var client = TestClient.Connect(server.LocalEndPoint, tls: false);
            for (var i = 0; i < Messages; i++)
            {
                client.Send("x"u8);
                client.ReadExactly(1);
            }
        }))).Soon();

        await serving.Soon();
        Assert.Equal((1, Clients, Clients, observesReceived ? Clients * Messages : 0), (observer.Most, observer.Begun, observer.Done, observer.Messages));
    }

    private static (int, long, long, long) Totals(EchoServer server) =>
        (server.ActiveConnections, server.TotalConnections, server.BytesReceived, server.BytesSent);

    private sealed class OneAtATime(bool observesReceived) : Observer
    {
        private int _inside;

        public int Most { get; private set; }

        public int Begun { get; private set; }

        public int Done { get; private set; }

        public int Messages { get; private set; }

        public override bool ObservesReceived => observesReceived;

        public override void Connected(IPEndPoint remote) => Enter(() => Begun++);

        public override void Received(IPEndPoint remote, byte[] buffer, int count) => Enter(() => Messages++);

        public override void Ended(IPEndPoint remote, ConnectionResult connection) => Enter(() => Done++);

        private void Enter(Action action)
        {
            Most = Math.Max(Most, Interlocked.Increment(ref _inside));
            Thread.Yield();
            action();
            Interlocked.Decrement(ref _inside);
        }
    }

    /// <summary>Does not begin to wait until it is released.</summary>
    private sealed class HeldPoller(IPoller poller) : WrappedPoller(poller)
    {
        private readonly ManualResetEventSlim _gate = new();
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private int _wakes;

        public Task Held => _held.Task;

        public int Wakes => Volatile.Read(ref _wakes);

        public void Release() => _gate.Set();

        public override void Wake()
        {
            Interlocked.Increment(ref _wakes);
            base.Wake();
        }

        public override int Wait(int milliseconds, int[] ready)
        {
            _held.TrySetResult();
            Assert.True(_gate.Wait(Bounded.Limit));
            return base.Wait(milliseconds, ready);
        }
    }

    private sealed class WakePoller(IPoller poller, Action waking) : WrappedPoller(poller)
    {
        public override void Wake()
        {
            waking();
            base.Wake();
        }
    }

    private sealed class FailingPoller(IPoller poller) : WrappedPoller(poller)
    {
        private volatile bool _fails;

        public void Fail()
        {
            _fails = true;
            Wake();
        }

        public override int Wait(int milliseconds, int[] ready)
        {
            var count = base.Wait(milliseconds, ready);
            return _fails ? throw new Win32Exception(12) : count; // ENOMEM
        }
    }

    private sealed class RefusingPoller(IPoller poller) : WrappedPoller(poller)
    {
        private bool _refused;

        public override ITransport? Adopt(ITransport client, int token, out SocketError error)
        {
            var adopted = base.Adopt(client, token, out error);
            if (_refused)
                return adopted;

            _refused = true;
            error = SocketError.NoBufferSpaceAvailable;
            return null;
        }
    }
}
