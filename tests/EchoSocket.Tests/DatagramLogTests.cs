using System;
using System.Collections.Generic;
using System.Linq;
using EchoSocket.Measuring;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>What became of each datagram. The clock is handed in: a time is a plain number.</summary>
public class DatagramLogTests
{
    private const long Timeout = 100;

    [Fact]
    public void Every_datagram_is_received_late_lost_or_outstanding()
    {
        var log = Sent(6);

        Assert.Equal(ReplyKind.InTime, Receive(log, 0, 5));
        Assert.Equal(ReplyKind.Duplicate, Receive(log, 0, 6));
        Assert.Equal(0, log.GiveUp(Timeout));
        Assert.Equal(1, log.GiveUp(Timeout + 2)); // 1, which was sent at 1
        Assert.Equal(ReplyKind.Late, Receive(log, 1, Timeout + 3));
        Assert.Equal(ReplyKind.Duplicate, Receive(log, 1, Timeout + 3));
        Assert.Equal((0L, 4), (log.Lost, log.Outstanding));
        Assert.Equal(4, log.GiveUp(1000));

        Assert.Equal((6L, 1L, 1L, 2L), (log.Sent, log.Received, log.Late, log.Duplicated));
        Assert.Equal((4L, 0), (log.Lost, log.Outstanding));
    }

    [Fact]
    public void A_reply_that_takes_exactly_as_long_as_allowed_is_in_time_and_a_moment_later_it_is_late()
    {
        var log = Sent(2);

        Assert.Equal(ReplyKind.InTime, Receive(log, 0, Timeout));
        Assert.Equal(ReplyKind.Late, Receive(log, 1, Timeout + 2)); // nobody had given it up before
        Assert.Equal((1L, 1L, 0L, 0), (log.Received, log.Late, log.Lost, log.Outstanding));
    }

    [Fact]
    public void A_round_trip_counts_from_the_intended_time_and_the_time_out_from_the_real_one()
    {
        var log = new DatagramLog(Timeout);
        log.Send(50, 10);

        Assert.Equal(ReplyKind.InTime, log.Receive(0, 50 + Timeout, out var roundTrip));
        Assert.Equal(40 + Timeout, roundTrip);
    }

    [Theory]
    [InlineData("0 1 2 3 4", 0)]
    [InlineData("1 0 2 3 4", 1)]
    [InlineData("4 0 1 2 3", 4)] // one that overtakes four
    [InlineData("1 2 3 4 0", 1)] // one that is overtaken
    [InlineData("1 0 0 3 2 2 4", 2)] // a duplicate is not reordered
    [InlineData("4 3 2 1 0", 4)]
    public void A_reply_is_reordered_if_one_with_a_higher_number_has_come(string order, long reordered)
    {
        var log = Sent(5);
        foreach (var number in order.Split(' ').Select(long.Parse))
            Receive(log, number, 10);

        Assert.Equal(reordered, log.Reordered);
    }

    [Fact]
    public void A_late_reply_is_not_reordered_and_does_not_make_another_so()
    {
        var log = Sent(2);
        log.GiveUp(Timeout + 10);
        log.Send(Timeout + 10, Timeout + 10); // 2
        Receive(log, 1, Timeout + 11);
        Receive(log, 2, Timeout + 12);
        Receive(log, 0, Timeout + 13);

        Assert.Equal((1L, 2L, 0L), (log.Received, log.Late, log.Reordered));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("3", 1)]
    [InlineData("3 4 5 8 9", 3)]
    [InlineData("0 1", 2)]
    [InlineData("8 9", 2)]
    [InlineData("0 1 2 3 4 5 6 7 8 9", 10)]
    public void The_longest_run_of_losses_is_found(string lost, long longest)
    {
        var log = Sent(10);
        var missing = lost.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse).ToHashSet();
        foreach (var number in Enumerable.Range(0, 10).Reverse().Where(n => !missing.Contains(n)))
            Receive(log, number, 10);
        log.GiveUp(1000);

        Assert.Equal((missing.Count, longest), (log.Lost, log.LongestLossRun));
        foreach (var number in missing)
            Receive(log, number, 1001);
        Assert.Equal((0L, longest), (log.Lost, log.LongestLossRun)); // late ones were not there in time
    }

    [Fact]
    public void Jitter_is_that_of_RFC_3550()
    {
        // The mean deviation of successive times, smoothed by a sixteenth: 10, 26, 26, 2 differ by 16, 0, 24.
        var log = new DatagramLog(Timeout);
        long[] times = [10, 26, 26, 2];
        for (var i = 0; i < times.Length; i++)
        {
            log.Send(1000 * i, 1000 * i);
            Assert.Equal(i > 1, log.Jitter is not null);
            Receive(log, i, (1000 * i) + times[i]);
        }

        var expected = 16 / 16.0;
        expected += (0 - expected) / 16;
        expected += (24 - expected) / 16;
        Assert.Equal(expected, log.Jitter!.Value, 12);
    }

    [Fact]
    public void A_new_phase_counts_from_zero_and_ignores_replies_to_the_one_before()
    {
        var log = Sent(3);
        Receive(log, 2, 1);
        Receive(log, 0, 2);
        log.GiveUp(1000);
        log.BeginPhase();

        Assert.Equal((0L, 0L, 0L, 0L, 0L, 0L), (log.Sent, log.Received, log.Lost, log.Late, log.Reordered, log.LongestLossRun));
        Assert.Null(log.Jitter);
        Assert.Equal(ReplyKind.Earlier, Receive(log, 0, 1001));
        Assert.Equal(ReplyKind.Earlier, Receive(log, 1, 1001));
        log.Send(1002, 1002);
        Assert.Equal(ReplyKind.InTime, Receive(log, 3, 1003));
        Assert.Equal((1L, 1L, 0L, 0L), (log.Sent, log.Received, log.Duplicated, log.Late));
        log.Send(1004, 1004);
        Assert.Throws<InvalidOperationException>(log.BeginPhase);
    }

    [Fact]
    public void What_is_outstanding_at_a_failure_is_lost()
    {
        var log = Sent(5);
        Receive(log, 2, 1);

        Assert.Equal(4, log.GiveUpAll());
        Assert.Equal((4L, 0, 2L), (log.Lost, log.Outstanding, log.LongestLossRun));
    }

    [Fact]
    public void Memory_is_bounded_and_a_forgotten_datagram_counts_as_answered()
    {
        const int Remembered = 64;
        var log = new DatagramLog(Timeout, Remembered);
        for (var i = 0; i <= Remembered; i++)
            log.Send(0, 0);

        // The first was given up, so that the last could be sent.
        Assert.Equal((Remembered, 1L), (log.Outstanding, log.Lost));
        Assert.Equal(ReplyKind.Duplicate, Receive(log, 0, 1));
        Assert.Equal(ReplyKind.InTime, Receive(log, 1, 1));
        Assert.Equal((1L, 1L), (log.Lost, log.Received));
    }

    [Fact]
    public void Random_paths_give_the_counts_of_a_simple_model()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            // Each datagram has no, one or two replies, at random times.
            var random = new Random(seed);
            var count = random.Next(1, 300);
            var arrivals = new List<(long Time, int Number)>();
            for (var number = 0; number < count; number++)
            {
                for (var copies = random.Next(5) switch { 0 => 0, 1 => 2, _ => 1 }; copies > 0; copies--)
                    arrivals.Add((number + random.Next(0, 2 * (int)Timeout), number));
            }

            var log = new DatagramLog(Timeout);
            var events = arrivals.Select((a, i) => (a.Time, Order: 1, a.Number, i)).Concat(Enumerable.Range(0, count).Select(n => ((long)n, 0, n, 0)))
                .OrderBy(e => e.Item1).ThenBy(e => e.Item2).ThenBy(e => e.Item4).ToList();
            var (highest, reordered) = (-1, 0);
            var seen = new Dictionary<int, bool>();
            foreach (var (time, isArrival, number, _) in events)
            {
                if (isArrival == 0)
                {
                    log.Send(time, time);
                }
                else
                {
                    if (seen.TryAdd(number, time - number <= Timeout) && seen[number])
                    {
                        reordered += number < highest ? 1 : 0;
                        highest = Math.Max(highest, number);
                    }

                    Receive(log, number, time);
                    if (random.Next(3) == 0)
                        log.GiveUp(time);
                }
            }

            log.GiveUp(long.MaxValue / 2);
            var runs = string.Concat(Enumerable.Range(0, count).Select(n => seen.TryGetValue(n, out var inTime) && inTime ? ' ' : 'x')).Split(' ');
            Assert.Equal(
                (count, seen.Values.Count(v => v), seen.Values.Count(v => !v), count - seen.Count, arrivals.Count - seen.Count, reordered, runs.Max(r => r.Length), 0),
                (log.Sent, log.Received, log.Late, log.Lost, log.Duplicated, log.Reordered, log.LongestLossRun, log.Outstanding));
        }
    }

    // Sent at 0, 1, 2 and so on.
    private static DatagramLog Sent(int count)
    {
        var log = new DatagramLog(Timeout);
        for (var i = 0; i < count; i++)
            log.Send(i, i);
        return log;
    }

    private static ReplyKind Receive(DatagramLog log, long number, long now) => log.Receive(number, now, out _);
}
