using System;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Polling;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

public class EpollMeterTests : EchoMeterTests
{
    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectMeterTests : EchoMeterTests
{
    private protected override IPoller Create() => new SelectPoller();
}

/// <summary>What a measurement finds, the same with each poller.</summary>
public abstract partial class EchoMeterTests
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

    /// <summary>Notes the times from each send to the next reply, in milliseconds.</summary>
    private sealed class NotingPoller(IPoller poller) : WrappedPoller(poller)
    {
        private long _sent;

        public System.Collections.Generic.List<double> Times { get; } = [];

        protected override int Receive(int token, ITransport transport, byte[] buffer, int count, out SocketError error)
        {
            var received = base.Receive(token, transport, buffer, count, out error);
            if (received > 0)
                Times.Add(Stopwatch.GetElapsedTime(_sent).TotalMilliseconds);
            return received;
        }

        protected override int Send(int token, ITransport transport, byte[] buffer, int offset, int count, out SocketError error)
        {
            _sent = Stopwatch.GetTimestamp();
            return base.Send(token, transport, buffer, offset, count, out error);
        }
    }

    private static void AssertBetween(double least, double most, TimeSpan? time) =>
        Assert.InRange(time!.Value.TotalMilliseconds, least, most);

    private EchoStatistics Run(ScriptedServer server, Action<EchoMeterOptions>? configure = null) =>
        new EchoMeter(Options(server.EndPoint.Port, configure)).Run(TestContext.Current.CancellationToken);

    private EchoStatistics Run(ManyServer server, Action<EchoMeterOptions>? configure = null) =>
        new EchoMeter(Options(server.EndPoint.Port, configure)).Run(TestContext.Current.CancellationToken);
}
