using System;
using System.Collections.Generic;
using System.Diagnostics;
using EchoSocket.Measuring;
using Xunit;

namespace EchoSocket.Tests;

public class PaceTests
{
    private const long Start = 1_000_000;
    private static readonly long Second = Stopwatch.Frequency;
    private static readonly TimeSpan Overtime = TimeSpan.FromSeconds(3);

    [Fact]
    public void Messages_of_an_open_loop_are_due_at_fixed_times_on_one_connection_after_another()
    {
        var pace = new OpenLoop(10, 3, Start, count: 7, duration: null, Overtime);
        var numbers = new List<int>();
        for (var number = pace.TakeDue(Start + (Second / 2)); number >= 0; number = pace.TakeDue(Start + (Second / 2)))
            numbers.Add(number);

        Assert.Equal([0, 1, 2, 0, 1, 2], numbers); // 0 to 0.5 s, a tenth apart
        Assert.Equal(Start + (Second * 6 / 10), pace.NextDue);
        Assert.False(pace.IsOver);
        Assert.Equal(0, pace.TakeDue(Start + Second));
        Assert.True(pace.IsOver);

        // An interval follows the last message, too, so that the average rate is the requested one.
        Assert.Equal(Start + (Second * 7 / 10), pace.NextDue);
        Assert.Equal((-1, long.MaxValue, 7L), (pace.TakeDue(Start + Second), pace.NextDue, pace.Due));
    }

    [Fact]
    public void In_an_open_loop_a_round_trip_counts_from_the_intended_time_however_late_the_message_is_sent()
    {
        var pace = new OpenLoop(10, 3, Start, count: 7, duration: null, Overtime);
        var connection = Connection(1);

        Assert.Equal(0, pace.Take(connection, Start + (Second / 10) - 1, 10)); // its first is due after a tenth of a second
        Assert.Equal(2, pace.Take(connection, Start + (5 * Second), 10));
        connection.Begin(2, Start + (5 * Second));
        Assert.Equal(Start + (Second / 10), pace.Intended(connection, connection.AnsweredInPhase, connection.OldestSent));
        connection.Answer();
        Assert.Equal(Start + (Second * 4 / 10), pace.Intended(connection, connection.AnsweredInPhase, connection.OldestSent));
    }

    [Fact]
    public void An_open_loop_lets_a_connection_send_what_is_due_as_far_as_it_has_room()
    {
        var pace = new OpenLoop(10, 1, Start, count: null, duration: null, Overtime);
        var connection = Connection(0);

        Assert.Equal(1, pace.Take(connection, Start, 10));
        connection.Begin(1, Start);
        Assert.Equal(2, pace.Take(connection, Start + Second, 2));
        connection.Begin(2, Start + Second);
        while (pace.TakeDue(Start + Second) >= 0)
        {
        }

        Assert.Equal((11L, 8L), (pace.Due, pace.NeverSent)); // 0 to 1 s
    }

    [Theory]
    [InlineData(10, 1.0, 10)]
    [InlineData(10, 0.95, 10)]
    [InlineData(10, 0.05, 1)]
    [InlineData(0.1, 1.0, 1)]
    [InlineData(100, 1.1, 110)] // 110.00000000000001
    public void The_duration_of_an_open_loop_has_the_messages_that_are_due_within_it(double rate, double duration, int expected)
    {
        var pace = new OpenLoop(rate, 1, 0, count: null, TimeSpan.FromSeconds(duration), Overtime);
        while (pace.TakeDue(long.MaxValue / 2) >= 0)
        {
        }

        Assert.Equal(expected, pace.Due);
    }

    [Fact]
    public void An_open_loop_ends_with_its_duration_even_between_two_messages()
    {
        var pace = new OpenLoop(0.7, 1, 0, count: null, TimeSpan.FromSeconds(2), Overtime);
        Assert.Equal((0, 0), (pace.TakeDue(0), pace.TakeDue(Second * 2)));

        Assert.Equal(Second * 2, pace.NextDue); // the third would be due after 2.86 s
        Assert.Equal((-1, long.MaxValue, 2L), (pace.TakeDue(Second * 2), pace.NextDue, pace.Due));
    }

    [Fact]
    public void Messages_that_had_to_wait_for_too_long_after_the_duration_of_an_open_loop_are_not_sent()
    {
        var pace = new OpenLoop(10, 1, 0, count: null, TimeSpan.FromSeconds(1), Overtime);
        var connection = Connection(0);

        Assert.Equal(0, pace.Take(connection, 4 * Second, 20));
        Assert.Equal(10, pace.Take(connection, (4 * Second) - 1, 20));
    }

    [Fact]
    public void A_closed_loop_ends_with_its_count_or_its_time()
    {
        var connection = Connection(0);
        var pace = new ClosedLoop(count: 3, end: 100, connections: 1);
        Assert.Equal(1, pace.Take(connection, 5, 1));
        Assert.False(pace.IsOver);
        Assert.Equal(2, pace.Take(connection, 6, 5));
        Assert.True(pace.IsOver);
        Assert.Equal(0, pace.Take(connection, 7, 5));

        var timed = new ClosedLoop(count: null, end: 100, connections: 1);
        Assert.Equal(1, timed.Take(connection, 99, 1));
        Assert.False(timed.IsOver);
        Assert.Equal(0, timed.Take(connection, 100, 1));
        Assert.True(timed.IsOver);
    }

    [Fact]
    public void In_a_closed_loop_a_round_trip_counts_from_when_the_message_was_sent()
    {
        var pace = new ClosedLoop(count: null, end: null, connections: 1);
        var connection = Connection(0);
        connection.Begin(2, 5);
        connection.Begin(1, 7);

        Assert.Equal(5, pace.Intended(connection, connection.AnsweredInPhase, connection.OldestSent));
        connection.Answer();
        Assert.Equal(5, pace.Intended(connection, connection.AnsweredInPhase, connection.OldestSent));
        connection.Answer();
        Assert.Equal(7, pace.Intended(connection, connection.AnsweredInPhase, connection.OldestSent));
    }

    [Fact]
    public void A_closed_loop_gives_each_connection_its_share_at_the_start_and_then_what_is_left()
    {
        var (first, second) = (Connection(0), Connection(1));
        var pace = new ClosedLoop(count: 9, end: null, connections: 2);
        Assert.Equal(3, pace.Take(first, 1, 3));
        first.Begin(3, 1);
        Assert.Equal(2, pace.Take(first, 1, 20)); // 5 is its share
        first.Begin(2, 1);
        Assert.Equal(0, pace.Take(first, 1, 20));

        Assert.Equal(1, pace.Take(second, 1, 1));
        first.Answer();
        Assert.Equal(3, pace.Take(first, 1, 20));
        Assert.True(pace.IsOver);
    }

    [Fact]
    public void A_warm_up_sends_one_message_after_another_on_a_connection()
    {
        var pace = new WarmUp(2);
        var connection = Connection(0);
        for (var message = 0; message < 2; message++)
        {
            Assert.Equal(1, pace.Take(connection, 1, 10));
            connection.Begin(1, 1);
            Assert.Equal(0, pace.Take(connection, 1, 10));
            connection.Answer();
        }

        Assert.Equal(0, pace.Take(connection, 1, 10));
        Assert.Equal((false, long.MaxValue, -1), (pace.IsOver, pace.NextDue, pace.TakeDue(long.MaxValue)));
    }

    [Fact]
    public void A_connection_costs_memory_only_for_messages_that_are_outstanding()
    {
        var connections = new MeteredConnection[1000];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < connections.Length; i++)
        {
            connections[i] = Connection(i);
            connections[i].Begin(EchoMeterOptions.MaxInFlight, 1); // sent together
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 1000 * connections.Length);
    }

    private static MeteredConnection Connection(int number) => new(null!, 1, number, 32);
}
