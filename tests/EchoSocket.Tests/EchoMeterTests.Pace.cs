using System;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

// When messages are sent: in a closed loop, in an open one, and shared among connections.
public abstract partial class EchoMeterTests
{
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
            (o.Duration, o.Rate, o.OperationTimeout) = (TimeSpan.FromSeconds(0.2), EchoMeterOptions.MaxRate, TimeSpan.FromSeconds(1));
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

    [Fact]
    public async Task Each_connection_has_its_share()
    {
        using var server = Server();

        Run(server, o => (o.Count, o.Connections, o.InFlight, o.WarmupCount) = (100, 10, 100, 0));

        await server.Recorder.Ended(10);
        Assert.All(server.Recorder.Connections, c => Assert.Equal(320, c.BytesReceived));
    }

    private static long Above(int milliseconds, EchoStatistics result) =>
        result.Histogram.Where(b => b.FromMicroseconds >= milliseconds * 1000).Sum(b => b.Count);

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
}
