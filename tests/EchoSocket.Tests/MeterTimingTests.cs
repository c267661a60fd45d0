using System;
using System.Linq;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>When a meter sends, what times it finds, and which replies come too late for it: on a simulated clock.</summary>
public class MeterTimingTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    [Fact]
    public void Measured_percentiles_are_those_of_the_times_that_the_server_takes()
    {
        // Of 100 messages 79 are answered after 2 ms, 20 after 40 ms, and one after 400 ms.
        var server = new SimulatedServer
        {
            Delay = (_, message) => (message == 50 ? 400 : message % 5 == 3 ? 40 : 2) * SimulatedServer.Millisecond,
        };

        var result = server.Measure(o => o.Count = 100);

        Assert.Equal((100L, 100L), (result.Sent, result.Received));
        AssertNear(2, result.Minimum);
        AssertNear(2, result.P50);
        AssertNear(40, result.P90);
        AssertNear(40, result.P99);
        AssertNear(400, result.P999);
        AssertNear(400, result.Maximum);
        AssertNear(13.58, result.Mean);
        AssertNear(13.58 * 100, result.Duration);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(100.0)]
    public void A_reply_that_takes_exactly_as_long_as_allowed_counts(double? rate)
    {
        var server = new SimulatedServer { Delay = (_, message) => message == 1 ? SimulatedServer.Second : 0 };

        var result = server.Measure(o => (o.Count, o.OperationTimeout, o.Rate) = (3, Timeout, rate));

        Assert.Equal((3L, 3L, 0L, ""), (result.Sent, result.Received, result.Lost, result.Detail));
        AssertNear(1000, result.Maximum);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(100.0)]
    public void A_reply_that_comes_a_moment_too_late_is_lost(double? rate)
    {
        var server = new SimulatedServer { Delay = (_, message) => message == 1 ? SimulatedServer.Second + 1 : 0 };

        var result = server.Measure(o => (o.Count, o.OperationTimeout, o.Rate) = (3, Timeout, rate));

        AssertLost(result, sent: 2, received: 1);
        Assert.InRange(server.Connections[0].Closed!.Value, Timeout, Timeout + TimeSpan.FromMilliseconds(11)); // as it came
        Assert.EndsWith("The run ended early, with 2 sent: every connection had failed.", result.Detail, StringComparison.Ordinal);
        AssertNear(0, result.Maximum);
    }

    [Fact]
    public void A_late_reply_is_not_taken_for_that_of_a_message_sent_later()
    {
        // The first reply comes a moment too late. Right after it come the replies to later messages, which are in time.
        var server = new SimulatedServer { Delay = (_, message) => message == 0 ? SimulatedServer.Second + 1 : 0 };

        var result = server.Measure(o => (o.Count, o.OperationTimeout, o.InFlight, o.Rate) = (4, Timeout, 10, 4));

        AssertLost(result, sent: 4, received: 0);
        Assert.Null(result.Maximum);
    }

    [Fact]
    public void A_reply_that_is_read_too_late_is_lost_even_if_it_came_in_time()
    {
        var server = new SimulatedServer { Delay = (_, _) => SimulatedServer.Second / 100, Oversleep = SimulatedServer.Second };

        var result = server.Measure(o => (o.Count, o.OperationTimeout) = (3, Timeout));

        AssertLost(result, sent: 1, received: 0);
    }

    [Theory]
    [InlineData(1, 1, 5, null)]
    [InlineData(0, 1, 5, null)]
    [InlineData(0, 5, 25, null)]
    [InlineData(0, 5, 25, 1000.0)]
    [InlineData(1, 5, 5, 1000.0)]
    public void A_run_against_a_server_that_never_answers_ends_in_time_with_all_messages_lost(int warmupCount, int inFlight, int lost, double? rate)
    {
        foreach (var (timeout, delay) in new[] { (1.0, 0.05), (60.0, 0.25) })
        {
            var server = new SimulatedServer { Delay = (_, _) => null };

            var result = server.Measure(o =>
            {
                (o.Connections, o.WarmupCount, o.InFlight, o.Rate) = (5, warmupCount, inFlight, rate);
                o.OperationTimeout = TimeSpan.FromSeconds(timeout);
            });

            Assert.Equal((lost, 0L, lost), (result.Sent, result.Received, result.Lost));
            Assert.Equal(5, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.OperationTimeout)).Value);
            Assert.InRange(result.Duration.TotalSeconds, timeout, timeout + delay + 0.03); // the messages went out within 25 ms
        }
    }

    [Fact]
    public void A_lost_message_is_found_in_time_while_other_connections_are_busy()
    {
        var server = new SimulatedServer { Delay = (connection, _) => connection == 0 ? null : SimulatedServer.Millisecond };

        var result = server.Measure(o => (o.Connections, o.Duration, o.OperationTimeout) = (3, TimeSpan.FromSeconds(3), Timeout));

        Assert.InRange(server.Connections[0].Closed!.Value, Timeout, Timeout * 1.05 + TimeSpan.FromMilliseconds(2));
        Assert.Equal((6001L, 6000L, 1L), (result.Sent, result.Received, result.Lost));
        Assert.DoesNotContain("early", result.Detail, StringComparison.Ordinal);
        Assert.All(server.Connections.Skip(1), c => Assert.Equal(server.Elapsed, c.Closed));
    }

    [Fact]
    public void Messages_that_wait_behind_a_stalled_server_show_in_an_open_loop_only()
    {
        SimulatedServer Stalled() => new() { Delay = (_, message) => message == 20 ? SimulatedServer.Second / 2 : 0 };

        var closed = Stalled().Measure(o => o.Count = 200);
        var open = Stalled().Measure(o => (o.Count, o.Rate) = (200, 200));
        var pipelined = Stalled().Measure(o => (o.Count, o.Rate, o.InFlight) = (200, 200, 200));

        Assert.Equal((200L, 200L, 200L), (closed.Received, open.Received, pipelined.Received));
        Assert.Equal(1, CountAbove(100, closed));
        AssertNear(500, closed.Maximum);

        // The stall begins with the message at 100 ms and ends at 600 ms. Those of the first 400 ms of it waited for longer
        // than 100 ms: the 80 messages at 100, 105, ... 495 ms.
        foreach (var result in new[] { open, pipelined })
        {
            Assert.Equal(80, CountAbove(100, result));
            AssertNear(500, result.Maximum);
            AssertNear(400, result.P90); // the 20 that took longer took 405, 410, ... 500 ms
        }
    }

    [Fact]
    public void A_run_keeps_its_rate()
    {
        var server = new SimulatedServer();

        var result = server.Measure(o => (o.Duration, o.Rate, o.Connections) = (TimeSpan.FromSeconds(0.5), 400, 3));

        Assert.Equal((200L, 200L, ""), (result.Sent, result.Received, result.Detail));
        Assert.Equal([67, 67, 66], server.Connections.Select(c => c.Messages));
        Assert.InRange(result.Duration.TotalMilliseconds, 500, 500.1);
        AssertNear(0, result.Maximum, 0.02); // none is sent late
    }

    [Fact]
    public void An_open_loop_without_a_duration_ends_after_its_count()
    {
        var result = new SimulatedServer().Measure(o => (o.Count, o.Rate) = (50, 100));

        Assert.Equal((50L, 50L), (result.Sent, result.Received));
        Assert.InRange(result.MessagesPerSecond, 99.9, 100.1);
    }

    [Fact]
    public void A_rate_above_what_the_path_takes_is_reported_and_the_run_ends_in_time()
    {
        var server = new SimulatedServer { Delay = (_, _) => SimulatedServer.Millisecond };

        var result = server.Measure(o =>
            (o.Duration, o.Rate, o.OperationTimeout) = (TimeSpan.FromSeconds(0.2), EchoMeterOptions.MaxRate, Timeout));

        // One message per millisecond, and for a second longer than the duration.
        Assert.Equal((1200L, 1200L, 0L), (result.Sent, result.Received, result.Lost));
        Assert.StartsWith("1,998,800 messages that were due were never sent: ", result.Detail, StringComparison.Ordinal);
        Assert.Contains("fewer than 10,000,000 a second.", result.Detail, StringComparison.Ordinal);
        AssertNear(1200, result.Duration);
    }

    [Fact]
    public void Messages_due_for_a_connection_that_failed_are_reported()
    {
        var server = new SimulatedServer { Delay = (connection, message) => connection == 1 && message == 10 ? null : 0 };

        var result = server.Measure(o => (o.Count, o.Connections, o.Rate, o.OperationTimeout) = (200, 2, 100, TimeSpan.FromSeconds(0.5)));

        // The failed connection sent 11 of its 100 messages, and no other connection sends the rest.
        Assert.Equal((111L, 110L, 1L), (result.Sent, result.Received, result.Lost));
        Assert.Contains("89 messages that were due were never sent: their connection had failed", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_closed_loop_sends_until_its_duration_is_over()
    {
        var server = new SimulatedServer { Delay = (_, _) => SimulatedServer.Millisecond };

        var result = server.Measure(o => o.Duration = TimeSpan.FromSeconds(0.3));

        Assert.Equal((300L, 300L, ""), (result.Sent, result.Received, result.Detail));
        AssertNear(300, result.Duration);
        AssertNear(1, result.Maximum);
    }

    [Fact]
    public void A_run_waits_for_replies_after_its_duration()
    {
        var server = new SimulatedServer { Delay = (_, _) => SimulatedServer.Second };

        var result = server.Measure(o => (o.Duration, o.InFlight) = (TimeSpan.FromSeconds(0.3), 7));

        Assert.Equal((7L, 7L, 0L), (result.Sent, result.Received, result.Lost));
        AssertNear(1000, result.Duration);
    }

    [Fact]
    public void Each_connection_sends_its_share_of_the_messages()
    {
        var server = new SimulatedServer();

        server.Measure(o => (o.Count, o.Connections, o.InFlight) = (100, 10, 100));

        Assert.All(server.Connections, c => Assert.Equal(10, c.Messages));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void No_more_messages_are_outstanding_than_allowed(int inFlight)
    {
        var server = new SimulatedServer { Delay = (_, _) => SimulatedServer.Millisecond };

        var result = server.Measure(o => (o.Count, o.InFlight, o.Connections, o.WarmupCount) = (100, inFlight, 2, 5));

        Assert.Equal(100, result.Received);
        Assert.All(server.Connections, c => Assert.Equal(inFlight, c.MaxWaiting));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(100.0)]
    public void A_warm_up_sends_one_message_after_another_and_counts_in_no_figure(double? rate)
    {
        var server = new SimulatedServer { Delay = (_, message) => message < 3 ? SimulatedServer.Second : SimulatedServer.Millisecond };

        var result = server.Measure(o => (o.Count, o.WarmupCount, o.Connections, o.InFlight, o.Rate) = (20, 3, 2, 1, rate));

        Assert.Equal((20L, 20L), (result.Sent, result.Received));
        Assert.Equal([13, 13], server.Connections.Select(c => c.Messages));
        AssertNear(1, result.Maximum, 0.02);
        AssertNear(rate is null ? 10 : 200, result.Duration, 0.1);
        AssertNear((rate is null ? 10 : 200) + 3000, server.Elapsed, 0.1);
    }

    [Fact]
    public void Progress_is_the_share_of_the_messages_or_of_the_duration_whichever_is_greater()
    {
        double Progress(Action<EchoMeterOptions> configure, int at)
        {
            var (meter, progress) = ((EchoMeter?)null, -1.0);
            var server = new SimulatedServer
            {
                Delay = (_, message) =>
                {
                    progress = message == at ? meter!.Progress : progress;
                    return SimulatedServer.Millisecond;
                },
            };
            server.Measure(configure, m => meter = m);
            Assert.Equal(1, meter!.Progress);
            return progress;
        }

        Assert.Equal(0, Progress(o => (o.Count, o.WarmupCount) = (100, 1), 0)); // warming up
        Assert.Equal(0.29, Progress(o => o.Count = 100, 30), 0.001); // a reply is counted after the next message is sent
        Assert.Equal(0.3, Progress(o => o.Duration = TimeSpan.FromSeconds(0.1), 30), 0.001);
        Assert.Equal(0.58, Progress(o => (o.Duration, o.Count) = (TimeSpan.FromSeconds(0.1), 50), 30), 0.001);
    }

    [Fact]
    public void A_spin_polls_for_replies_but_not_when_none_is_outstanding()
    {
        int Polls(bool spin, long delay, double? rate)
        {
            var server = new SimulatedServer { Delay = (_, _) => delay };
            server.Measure(o => (o.Count, o.Rate, o.Spin) = (200, rate, spin));
            return server.Polls;
        }

        Assert.InRange(Polls(false, SimulatedServer.Millisecond / 10, null), 200, 205); // a wait for each reply
        Assert.InRange(Polls(true, SimulatedServer.Millisecond / 10, null), 400, int.MaxValue);
        Assert.Equal(Polls(false, 0, 10), Polls(true, 0, 10));
    }

    [Fact]
    public void A_server_may_close_a_connection_when_all_is_sent_and_answered_but_not_before()
    {
        SimulatedServer Closing() => new()
        {
            Delay = (connection, _) => connection == 0 ? 0 : SimulatedServer.Second,
            RepliesUntilClose = connection => connection == 0 ? 1 : null,
        };

        var after = Closing().Measure(o => (o.Count, o.Connections) = (2, 2));
        Assert.Equal((2L, 0L, ""), (after.Received, after.Lost, after.Detail));
        Assert.Empty(after.Errors);

        var before = Closing().Measure(o => (o.Count, o.Rate) = (3, 1)); // while nothing is outstanding
        Assert.Equal((1L, 1L, 0L), (before.Sent, before.Received, before.Lost));
        Assert.Equal(1, Assert.Single(before.Errors, e => e.Key == nameof(EchoError.ConnectionClosedEarly)).Value);
        Assert.EndsWith("The run ended early, with 1 sent: every connection had failed.", before.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_is_not_begun_before_it_can_be_sent()
    {
        var server = new SimulatedServer { Delay = (_, _) => null, Capacity = 1_500_000 };

        var result = server.Measure(o =>
            (o.Count, o.InFlight, o.MessageSize, o.OperationTimeout) = (10_000, 10_000, 1_000_000, Timeout));

        Assert.Equal((2L, 2L), (result.Sent, result.Lost)); // and not 10 GB
    }

    [Theory]
    [InlineData(100, 1)]
    [InlineData(1, 10)]
    [InlineData(640_000, 3)]
    public void A_run_sends_all_messages_however_little_room_the_path_has(int size, int inFlight)
    {
        var server = new SimulatedServer { Delay = (_, _) => SimulatedServer.Millisecond, Capacity = (size * inFlight / 2) + size };

        var result = server.Measure(o => (o.Count, o.InFlight, o.MessageSize) = (20, inFlight, size));

        Assert.Equal((20L, 20L, ""), (result.Sent, result.Received, result.Detail));
    }

    private static void AssertLost(MeterResult result, int sent, int received)
    {
        Assert.Equal((sent, received, sent - received), (result.Sent, result.Received, result.Lost));
        Assert.Equal(1, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.OperationTimeout)).Value);
    }

    private static int CountAbove(double milliseconds, MeterResult result) =>
        (int)result.Histogram.Where(b => b.FromMicroseconds >= milliseconds * 1000).Sum(b => b.Count);

    // Compares to the three significant digits of a histogram.
    private static void AssertNear(double milliseconds, TimeSpan? time, double tolerance = 0.001) =>
        Assert.InRange(time!.Value.TotalMilliseconds, (milliseconds * 0.999) - tolerance, (milliseconds * 1.001) + tolerance);
}
