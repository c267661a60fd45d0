using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

public class EpollMeterTests : EchoMeterTests
{
    private protected override IPoller Create() => Pollers.Epoll();
}

public class EpollTlsMeterTests : EchoMeterTests
{
    private protected override bool Tls => true;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectMeterTests : EchoMeterTests
{
    private protected override IPoller Create() => new SelectPoller();
}

public class SelectTlsMeterTests : EchoMeterTests
{
    private protected override bool Tls => true;

    private protected override IPoller Create() => new SelectPoller();
}

/// <summary>What a measurement over real connections finds.</summary>
public abstract class EchoMeterTests : MeterTestBase
{
    [Theory]
    [InlineData(EchoTransform.Upper, 1, 1, 1, 500)]
    [InlineData(EchoTransform.None, 32, 1, 1, 500)]
    [InlineData(EchoTransform.Upper, 32, 5, 1, 500)]
    [InlineData(EchoTransform.None, 1000, 3, 64, 5000)]
    [InlineData(EchoTransform.Upper, 70_000, 2, 8, 100)]
    [InlineData(EchoTransform.Upper, 3_000_000, 2, 3, 12)]
    public async Task A_measurement_counts_every_message(EchoTransform transform, int size, int connections, int inFlight, int count)
    {
        using var server = Server(transform);

        var before = DateTime.UtcNow;
        var result = Run(server, o =>
        {
            (o.MessageSize, o.Connections, o.InFlight, o.Count) = (size, connections, inFlight, count);
            o.WarmupCount = 2;
        });

        Assert.Equal("", result.Detail);
        Assert.InRange(result.StartTime, before, DateTime.UtcNow);
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
    public void Measured_times_are_those_of_the_real_clock()
    {
        using var never = new ManualResetEvent(false);
        using var server = Scripted(peer =>
        {
            for (var message = 0; message < 10; message++)
            {
                var bytes = peer.ReadExactly(32);
                var start = Stopwatch.GetTimestamp();
                while (message == 5 && Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(100))
                    never.WaitOne(10);
                peer.Send(bytes);
            }
        });

        var result = Run(server, o => (o.Count, o.WarmupCount) = (10, 0));

        // One round trip after another: together they take no longer than the run.
        Assert.Equal(10, result.Received);
        Assert.InRange(result.Maximum!.Value, TimeSpan.FromMilliseconds(100), result.Duration);
        Assert.InRange(result.Mean!.Value, result.Maximum.Value / 10, result.Duration / 10);
        Assert.True(result.Minimum > TimeSpan.Zero);
    }

    [Fact]
    public async Task An_open_loop_sends_all_that_is_due()
    {
        using var server = Server();

        var result = Run(server, o => (o.Duration, o.Rate, o.Connections) = (TimeSpan.FromSeconds(0.5), 400, 3));

        Assert.Equal((200L, 200L, ""), (result.Sent, result.Received, result.Detail));
        Assert.True(result.Duration >= TimeSpan.FromSeconds(0.5), $"{result.Duration}");
        await server.Recorder.Ended(3);
        Assert.Equal([67, 67, 66], server.Recorder.Connections.Select(c => (c.BytesReceived / 32) - 1).OrderDescending());
    }

    [Fact]
    public void A_meter_copies_its_options_and_runs_once()
    {
        using var server = Server();
        var options = Options(server.EndPoint.Port, o => o.Count = 5);
        var meter = new EchoMeter(options);
        (options.Count, options.Port) = (7, 1);

        Assert.Equal(5, meter.Run(TestContext.Current.CancellationToken).Received);
        Assert.Throws<InvalidOperationException>(() => meter.Run(TestContext.Current.CancellationToken));
        Assert.Equal(5, meter.Received);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(5000.0)]
    public async Task A_stopped_measurement_returns_its_results_so_far_and_closes_with_FIN(double? rate)
    {
        using var server = Server();
        using var stop = new CancellationTokenSource();
        var meter = new EchoMeter(Options(server.EndPoint.Port, o => (o.Duration, o.Connections, o.Rate) = (TimeSpan.FromHours(1), 4, rate)));
        Assert.False(meter.IsConnected);
        var running = Bounded.Start(() => meter.Run(stop.Token));
        Assert.True(SpinWait.SpinUntil(() => meter.Received > 100, Bounded.Limit));
        Assert.True(meter.IsConnected);
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
    public void A_measured_message_allocates_nothing()
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

        // More messages fill more buckets of the result. One object per message would be 2,400,000 bytes or more.
        Assert.InRange(Allocated(101_000) - few, long.MinValue, 500_000);
    }
}
