using System;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

public class EpollMeterTests : EchoMeterTests
{
    private protected override IPoller Create()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        return new EpollPoller();
    }
}

public class SelectMeterTests : EchoMeterTests
{
    private protected override IPoller Create() => new SelectPoller();
}

/// <summary>What a measurement finds, the same with each poller.</summary>
public abstract class EchoMeterTests
{
    private protected abstract IPoller Create();

    private EchoMeterOptions Options(int port, Action<EchoMeterOptions>? configure = null)
    {
        using (Create())
        {
            // skips where there is no such poller
        }

        var options = new EchoMeterOptions { Port = port, Poller = Create, OperationTimeout = Bounded.Limit };
        configure?.Invoke(options);
        return options;
    }

    private static ManyServer Server(EchoTransform transform = EchoTransform.Upper) =>
        new(new EchoServerOptions { Port = 0, Transform = transform }, new Recorder());

    [Theory]
    [InlineData(EchoTransform.Upper, 1, 1, 1, 500)]
    [InlineData(EchoTransform.None, 32, 1, 1, 500)]
    [InlineData(EchoTransform.Upper, 32, 5, 1, 500)]
    [InlineData(EchoTransform.None, 1000, 3, 64, 5000)]
    [InlineData(EchoTransform.Upper, 70_000, 2, 8, 100)]
    [InlineData(EchoTransform.Upper, 3_000_000, 2, 3, 12)]
    public async Task Every_message_is_counted(EchoTransform transform, int size, int connections, int inFlight, int count)
    {
        using var server = Server(transform);

        var result = Run(server, o =>
        {
            (o.MessageSize, o.Connections, o.InFlight, o.Count) = (size, connections, inFlight, count);
            o.WarmupCount = 2;
        });

        Assert.Equal("", result.Detail);
        Assert.Equal((count, count, 0L), (result.Sent, result.Received, result.Lost));
        Assert.Empty(result.Errors);
        Assert.Equal((connections, inFlight, size), (result.Connections, result.InFlight, result.MessageSize));
        Assert.Equal(server.EndPoint.ToString(), result.RemoteEndPoint);
        await server.Recorder.Ended(connections);
        Assert.All(server.Recorder.Connections, c => Assert.Equal(EndReason.PeerClosed, c.EndReason));
        Assert.Equal((long)size * (count + (2 * connections)), server.Server.BytesReceived);

        Assert.Equal(count, result.Histogram.Sum(b => b.Count));
        TimeSpan?[] ascending = [TimeSpan.Zero, result.Minimum, result.P50, result.P90, result.P99, result.P999, result.Maximum];
        Assert.Equal(ascending.Order(), ascending);
        Assert.True(result.ConnectTime > TimeSpan.Zero && result.StandardDeviation >= TimeSpan.Zero);
        Assert.InRange(result.Mean!.Value, result.Minimum!.Value, result.Maximum!.Value);
        Assert.Equal(count / result.Duration.TotalSeconds, result.MessagesPerSecond, 1.0);
        Assert.Equal(result.MessagesPerSecond * size, result.BytesPerSecond, 1.0 * size);
    }

    [Fact]
    public void The_times_are_those_that_the_server_takes()
    {
        // Of 100 messages 79 are answered after 2 ms, 20 after 40 ms, and one after 400 ms.
        using var server = new ScriptedServer(peer =>
        {
            for (var message = 0; message < 100; message++)
            {
                var bytes = peer.ReadExactly(32);
                Wait(message == 50 ? 400 : message % 5 == 3 ? 40 : 2);
                peer.Send(bytes);
            }
        });

        var noted = new NotingPoller(Create());
        var result = Run(server, o => (o.Count, o.WarmupCount, o.Poller) = (100, 0, () => noted));

        Assert.Equal((100L, 100L), (result.Sent, result.Received));
        AssertBetween(2, 40, result.Minimum);
        AssertBetween(2, 40, result.P50);
        AssertBetween(40, 400, result.P90);
        AssertBetween(40, 400, result.P99);
        AssertBetween(400, 4000, result.Maximum);

        // What the poller noted beside the meter is what the meter should tell, within the histogram's thousandth (and what
        // the system may take between two readings of the clock).
        var times = noted.Times.Order().ToArray();
        AssertNear(times[0], result.Minimum);
        AssertNear(times[49], result.P50);
        AssertNear(times[89], result.P90);
        AssertNear(times[98], result.P99);
        AssertNear(times[99], result.P999);
        AssertNear(times[99], result.Maximum);
        AssertNear(times.Average(), result.Mean);

        static void AssertNear(double expected, TimeSpan? time) =>
            AssertBetween((expected * 0.999) - 0.5, (expected * 1.001) + 0.5, time);
    }

    [Fact]
    public void What_waits_behind_a_stalled_server_shows_in_an_open_loop_only()
    {
        var closed = RunStalled(o => o.Count = 200);
        var open = RunStalled(o => (o.Count, o.Rate) = (200, 200));

        Assert.Equal((200L, 200L), (closed.Received, open.Received));
        AssertBetween(500, 5000, closed.Maximum);
        AssertBetween(500, 5000, open.Maximum);

        // A closed loop only ever has one message in the stall. Of an open one's 200 in a second, 100 should have been sent
        // meanwhile: a tenth of all waited for more than 400 ms, two fifths for more than 100.
        Assert.InRange(Above(100, closed), 1, 10);
        AssertBetween(0, 100, closed.P90);
        Assert.InRange(Above(100, open), 60, 200);
        AssertBetween(350, 5000, open.P90);
    }

    [Fact]
    public async Task A_rate_is_kept()
    {
        using var server = Server();

        var result = Run(server, o => (o.Duration, o.Rate, o.Connections) = (TimeSpan.FromSeconds(0.5), 400, 3));

        Assert.Equal((200L, 200L), (result.Sent, result.Received));
        Assert.True(result.Duration >= TimeSpan.FromSeconds(0.5) && result.MessagesPerSecond <= 400, $"{result.Duration}");
        await server.Recorder.Ended(3);
        Assert.Equal([67, 67, 66], server.Recorder.Connections.Select(c => (c.BytesReceived / 32) - 1).OrderDescending());
    }

    [Fact]
    public void A_rate_that_the_path_cannot_take_is_told_and_ends_in_time()
    {
        using var server = Server();

        var result = Run(server, o =>
        {
            (o.Duration, o.Rate, o.OperationTimeout) = (TimeSpan.FromSeconds(0.2), EchoMeterOptions.HighestRate, TimeSpan.FromSeconds(1));
        });

        Assert.Equal((result.Sent, 0L), (result.Received, result.Lost));
        Assert.Matches(@"^[\d,]+ messages that were due were never sent: .* fewer than 10,000,000 a second\.", result.Detail);
        Assert.InRange(result.Duration, TimeSpan.FromSeconds(1.2), Bounded.Limit);
    }

    [Fact]
    public void A_duration_ends_the_run()
    {
        using var server = Server();

        var result = Run(server, o => o.Duration = TimeSpan.FromSeconds(0.3));

        Assert.Equal((result.Sent, 0L, ""), (result.Received, result.Lost, result.Detail));
        Assert.True(result.Received > 10 && result.Duration >= TimeSpan.FromSeconds(0.3), $"{result.Received} in {result.Duration}");
    }

    [Theory]
    [InlineData(0, 1, null)]
    [InlineData(1, 1, null)]
    [InlineData(0, 5, null)]
    [InlineData(0, 5, 1000.0)]
    [InlineData(1, 5, 1000.0)]
    public void All_is_lost_at_a_server_that_says_nothing_and_the_run_ends_in_time(int warmupCount, int inFlight, double? rate)
    {
        using var server = new ScriptedServer(peer => peer.ReadExactly(1_000_000));

        var result = Run(server, o =>
        {
            o.OperationTimeout = TimeSpan.FromSeconds(0.2);
            (o.WarmupCount, o.InFlight, o.Rate) = (warmupCount, inFlight, rate);
        });

        AssertFailed(EchoError.OperationTimeout, result);
        Assert.True(result.Duration >= TimeSpan.FromSeconds(0.2), $"{result.Duration}");
        Assert.Equal(warmupCount > 0 ? 1 : inFlight, result.Sent);
    }

    [Fact]
    public void The_right_bytes_too_late_are_lost()
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(peer.ReadExactly(32));
            var late = peer.ReadExactly(32);
            Wait(1000);
            peer.Send(late);
        });

        var result = Run(server, o => (o.WarmupCount, o.OperationTimeout) = (0, TimeSpan.FromSeconds(0.5)));

        Assert.Equal((2L, 1L, 1L), (result.Sent, result.Received, result.Lost));
        Assert.Equal(1, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.OperationTimeout)).Value);
        Assert.EndsWith("The run ended early, with 2 sent: no connection was left.", result.Detail, StringComparison.Ordinal);
        AssertBetween(0, 500, result.Maximum);
    }

    [Fact]
    public void A_server_that_closes_at_once_is_told_from_one_that_resets()
    {
        using var closes = new ScriptedServer(peer =>
        {
            peer.Shutdown(SocketShutdown.Send);
            while (peer.Receive(new byte[100]) > 0)
            {
            }
        });
        AssertFailed(EchoError.ConnectionClosedEarly, Run(closes));

        using var resets = new ScriptedServer(peer =>
        {
            peer.ReadExactly(32);
            peer.Reset();
        });
        AssertFailed(EchoError.ConnectionReset, Run(resets));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 31)]
    [InlineData(5, 17)]
    public void A_wrong_byte_is_named(int message, int offset)
    {
        using var server = new ScriptedServer(peer =>
        {
            for (var i = 0; ; i++)
            {
                var bytes = peer.ReadExactly(32);
                if (i == message)
                    bytes[offset] ^= 0x80;
                peer.Send(bytes);
            }
        });

        var result = Run(server, o => o.WarmupCount = 0);

        Assert.Equal(1, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.ReplyMismatch)).Value);
        Assert.Contains($"the first wrong byte is at offset {offset} of the 32 bytes of its connection's message {message + 1}.", result.Detail, StringComparison.Ordinal);
        Assert.Equal((message, 1L), (result.Received, result.Lost));
    }

    [Fact]
    public void A_server_must_not_change_what_it_does_to_letters_nor_send_more_than_it_got()
    {
        using var changes = new ScriptedServer(peer =>
        {
            var first = peer.ReadExactly(1000);
            AsciiUpper.Apply(first, 0, first.Length);
            peer.Send(first);
            peer.Send(peer.ReadExactly(1000));
        });
        var changed = Run(changes, o => (o.WarmupCount, o.MessageSize) = (0, 1000));
        Assert.Equal((1L, 1L), (changed.Received, changed.Errors[nameof(EchoError.ReplyMismatch)]));

        using var adds = new ScriptedServer(peer => peer.Send([.. peer.ReadExactly(32), 0]));
        var added = Run(adds, o => o.WarmupCount = 0);
        Assert.Equal(1, added.Errors[nameof(EchoError.ReplyMismatch)]);
        Assert.Contains("at offset 0 of the 32 bytes of its connection's message 2.", added.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_no_connection_comes_about_the_result_says_why()
    {
        using var unlistened = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        unlistened.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var refused = new EchoMeter(Options(((System.Net.IPEndPoint)unlistened.LocalEndPoint!).Port)).Run();
        AssertFailed(EchoError.ConnectionRefused, refused);
        Assert.Equal((0L, 0, null, ""), (refused.Sent, refused.Connections, refused.ConnectTime, refused.RemoteEndPoint));

        using var full = FullBacklog.Create();
        AssertFailed(EchoError.ConnectionTimeout, new EchoMeter(Options(full.EndPoint.Port, o => o.ConnectionTimeout = TimeSpan.FromSeconds(0.2))).Run());

        AssertFailed(EchoError.HostNotFound, new EchoMeter(Options(9, o => o.Host = "no-such-host.invalid")).Run());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Out_of_handles_is_a_result_and_leaves_no_connection(int enough)
    {
        using var server = Server();
        var fails = new FailingPoller(Create(), enough);

        var result = Run(server, o => (o.Connections, o.Poller) = (5, () => enough == 0 ? throw new System.ComponentModel.Win32Exception(24) : fails));

        Assert.Equal(1, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.SocketFailure)).Value);
        Assert.StartsWith("Nothing could be measured here: ", result.Detail, StringComparison.Ordinal);
        Assert.Equal((0L, enough == 0 ? 0 : 5), (result.Sent, result.Connections));
        await server.Recorder.Ended(result.Connections);
    }

    [Fact]
    public void The_right_replies_before_a_wrong_byte_in_the_same_read_have_come()
    {
        using var server = new ScriptedServer(peer =>
        {
            var bytes = peer.ReadExactly(10 * 32);
            bytes[(7 * 32) + 3] ^= 0x80;
            peer.Send(bytes);
            peer.Receive(bytes);
        });

        var result = Run(server, o => (o.WarmupCount, o.Count, o.InFlight) = (0, 10, 10));

        Assert.Equal((10L, 7L, 3L), (result.Sent, result.Received, result.Lost));
        Assert.Contains("at offset 3 of the 32 bytes of its connection's message 8.", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_is_not_begun_before_it_can_be_sent()
    {
        using var server = new ScriptedServer(peer => peer.ReadExactly(1)); // and no more: the rest stays on the way

        var result = Run(server, o =>
        {
            (o.WarmupCount, o.Count, o.InFlight, o.MessageSize) = (0, 10_000, 10_000, 1_000_000);
            o.OperationTimeout = TimeSpan.FromSeconds(0.3);
        });

        Assert.InRange(result.Sent, 1, 100); // what fits the buffers of both sides, and not 10 GB
        Assert.Equal(result.Sent, result.Lost);
    }

    [Fact]
    public void Swapped_replies_are_wrong_whatever_the_size()
    {
        foreach (var size in new[] { 32, 65_521 })
        {
            using var server = new ScriptedServer(peer =>
            {
                var (first, second) = (peer.ReadExactly(size), peer.ReadExactly(size));
                peer.Send(second);
                peer.Send(first);
            });

            Assert.Single(Run(server, o => (o.WarmupCount, o.InFlight, o.MessageSize) = (0, 2, size)).Errors, e => e.Key == nameof(EchoError.ReplyMismatch));
        }
    }

    [Fact]
    public async Task Each_connection_has_its_share()
    {
        using var server = Server();

        Run(server, o => (o.Count, o.Connections, o.InFlight, o.WarmupCount) = (100, 10, 100, 0));

        await server.Recorder.Ended(10);
        Assert.All(server.Recorder.Connections, c => Assert.Equal(320, c.BytesReceived));
    }

    [Fact]
    public void Turns_of_a_connection_that_failed_are_told()
    {
        using var server = new ManyServer(new EchoServerOptions { Port = 0, MaxConnections = 1 }, new Recorder());

        var result = Run(server, o =>
        {
            (o.Count, o.Connections, o.Rate, o.WarmupCount) = (100, 2, 100, 0);
            o.OperationTimeout = TimeSpan.FromSeconds(0.5);
        });

        Assert.InRange(result.Received, 50, 99);
        Assert.Equal(1, result.Lost);
        Assert.Contains($"{100 - result.Sent} messages that were due were never sent: their connection had failed", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void The_other_connections_go_on_where_one_fails()
    {
        // A place is free for two only; the third waits in vain.
        using var server = new ManyServer(new EchoServerOptions { Port = 0, MaxConnections = 2 }, new Recorder());

        var result = Run(server, o => (o.Connections, o.Duration, o.OperationTimeout) = (3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(0.5)));

        Assert.Equal(1, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.OperationTimeout)).Value);
        Assert.Equal((3, 1L), (result.Connections, result.Lost));
        Assert.InRange(result.Received, 10, long.MaxValue);
        Assert.DoesNotContain("early", result.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(5000.0)]
    public async Task A_run_that_is_stopped_tells_what_was_measured_and_leaves_in_order(double? rate)
    {
        using var server = Server();
        using var stop = new CancellationTokenSource();
        var meter = new EchoMeter(Options(server.EndPoint.Port, o => (o.Duration, o.Connections, o.Rate) = (TimeSpan.FromHours(1), 4, rate)));
        var running = Bounded.Start(() => meter.Run(stop.Token));
        Assert.True(SpinWait.SpinUntil(() => meter.Received > 100, Bounded.Limit));
        Assert.InRange(meter.Progress, double.Epsilon, 0.1);
        Assert.NotNull(meter.Median);

        await stop.CancelAsync();

        var result = await running.Soon(Bounded.Promptly);
        Assert.Equal("The run was stopped.", result.Detail);
        Assert.InRange(result.Received, 100, result.Sent);
        Assert.Equal(0, result.Lost);
        await server.Recorder.Ended(4);
        Assert.All(server.Recorder.Connections, c => Assert.Equal(EndReason.PeerClosed, c.EndReason));
    }

    [Fact]
    public void A_message_allocates_nothing()
    {
        Assert.SkipWhen(Create() is SelectPoller, "Socket.Select makes a list of its own");
        using var server = Server();
        long Allocated(int count)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Equal(count, Run(server, o => (o.Count, o.InFlight) = (count, 64)).Received);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Allocated(100);
        var few = Allocated(1000);

        // The result has more buckets for more messages; an object for each message would be 2,400,000 bytes and more.
        Assert.InRange(Allocated(101_000) - few, long.MinValue, 500_000);
    }

    // A peer's scripted delay: at least this long, whatever the timer's grain.
    private static void Wait(int milliseconds)
    {
        using var never = new ManualResetEvent(false);
        var start = Stopwatch.GetTimestamp();
        for (double left = milliseconds; left > 0; left = milliseconds - Stopwatch.GetElapsedTime(start).TotalMilliseconds)
            never.WaitOne(TimeSpan.FromMilliseconds(Math.Ceiling(left)));
    }

    private static long Above(int milliseconds, EchoStatistics result) =>
        result.Histogram.Where(b => b.FromMicroseconds >= milliseconds * 1000).Sum(b => b.Count);

    private sealed class FailingPoller(IPoller poller, int most) : IPoller
    {
        private int _added;

        public void Add(Socket socket, int token)
        {
            if (_added++ > most)
                throw new System.ComponentModel.Win32Exception(24);
            poller.Add(socket, token);
        }

        public void Change(int token, Interest interest) => poller.Change(token, interest);

        public void Remove(int token, bool closes) => poller.Remove(token, closes);

        public int Wait(int milliseconds, int[] ready) => poller.Wait(milliseconds, ready);

        public int Receive(int token, byte[] buffer, out SocketError error) => poller.Receive(token, buffer, out error);

        public int Send(int token, byte[] buffer, int offset, int count, out SocketError error) => poller.Send(token, buffer, offset, count, out error);

        public void Dispose() => poller.Dispose();
    }

    /// <summary>Notes the times from each send to the next reply, in milliseconds.</summary>
    private sealed class NotingPoller(IPoller poller) : IPoller
    {
        private long _sent;

        public System.Collections.Generic.List<double> Times { get; } = [];

        public void Add(Socket socket, int token) => poller.Add(socket, token);

        public void Change(int token, Interest interest) => poller.Change(token, interest);

        public void Remove(int token, bool closes) => poller.Remove(token, closes);

        public int Wait(int milliseconds, int[] ready) => poller.Wait(milliseconds, ready);

        public int Receive(int token, byte[] buffer, out SocketError error)
        {
            var count = poller.Receive(token, buffer, out error);
            if (count > 0)
                Times.Add(Stopwatch.GetElapsedTime(_sent).TotalMilliseconds);
            return count;
        }

        public int Send(int token, byte[] buffer, int offset, int count, out SocketError error)
        {
            _sent = Stopwatch.GetTimestamp();
            return poller.Send(token, buffer, offset, count, out error);
        }

        public void Dispose() => poller.Dispose();
    }

    private static void AssertBetween(double least, double most, TimeSpan? time) =>
        Assert.InRange(time!.Value.TotalMilliseconds, least, most);

    private static void AssertFailed(EchoError error, EchoStatistics result)
    {
        Assert.Equal(1, Assert.Single(result.Errors, e => e.Key == error.ToString()).Value);
        Assert.NotEqual("", result.Detail);
        Assert.Equal((0L, result.Sent, 0.0, 0.0), (result.Received, result.Lost, result.MessagesPerSecond, result.BytesPerSecond));
        Assert.All([result.Minimum, result.Mean, result.StandardDeviation, result.P50, result.P90, result.P99, result.P999, result.Maximum], Assert.Null);
        Assert.Empty(result.Histogram);
    }

    private EchoStatistics RunStalled(Action<EchoMeterOptions> configure)
    {
        using var server = new ScriptedServer(peer =>
        {
            for (var message = 0; message < 200; message++)
            {
                var bytes = peer.ReadExactly(32);
                if (message == 20)
                    Wait(500);
                peer.Send(bytes);
            }
        });
        return Run(server, o =>
        {
            o.WarmupCount = 0;
            configure(o);
        });
    }

    private EchoStatistics Run(ScriptedServer server, Action<EchoMeterOptions>? configure = null) =>
        new EchoMeter(Options(server.EndPoint.Port, configure)).Run(TestContext.Current.CancellationToken);

    private EchoStatistics Run(ManyServer server, Action<EchoMeterOptions>? configure = null) =>
        new EchoMeter(Options(server.EndPoint.Port, configure)).Run(TestContext.Current.CancellationToken);
}
