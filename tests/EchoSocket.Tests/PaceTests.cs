using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Measuring;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

public sealed class PaceTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public void Dispose() => _socket.Dispose();

    [Fact]
    public void An_open_loop_has_fixed_times_and_the_connections_take_turns()
    {
        const long Start = 1_000_000;
        var second = Stopwatch.Frequency;
        var pace = new OpenLoop(10, 3, Start, count: 7, duration: null, Patience);
        var told = new List<int>();
        for (var number = pace.TakeDue(Start + (second / 2)); number >= 0; number = pace.TakeDue(Start + (second / 2)))
            told.Add(number);

        Assert.Equal([0, 1, 2, 0, 1, 2], told); // 0 to 0.5 s, a tenth apart
        Assert.Equal(Start + (second * 6 / 10), pace.NextDue);
        Assert.False(pace.IsOver);
        Assert.Equal(0, pace.TakeDue(Start + second));
        Assert.True(pace.IsOver);

        // The last one has its time to itself, too, so that the rate is what was asked for.
        Assert.Equal(Start + (second * 7 / 10), pace.NextDue);
        Assert.Equal((-1, long.MaxValue, 7L), (pace.TakeDue(Start + second), pace.NextDue, pace.Due));
    }

    [Fact]
    public void An_open_loops_message_counts_from_its_own_time_however_late_it_is_begun()
    {
        const long Start = 1_000_000;
        var second = Stopwatch.Frequency;
        var pace = new OpenLoop(10, 3, Start, count: 7, duration: null, Patience);
        var connection = Connection(1);

        Assert.False(pace.TryNext(connection, Start, out _)); // its first is due after a tenth of a second
        var begun = new List<long>();
        while (pace.TryNext(connection, Start + (5 * second), out var intended))
        {
            begun.Add(intended - Start);
            connection.Begin(intended, Start + (5 * second));
        }

        Assert.Equal([second / 10, second * 4 / 10], begun);
    }

    [Theory]
    [InlineData(10, 1.0, 10)]
    [InlineData(10, 0.95, 10)]
    [InlineData(10, 0.05, 1)]
    [InlineData(0.1, 1.0, 1)]
    [InlineData(100, 1.1, 110)] // 110.00000000000001
    public void An_open_loops_duration_has_the_messages_whose_time_is_within_it(double rate, double duration, int expected)
    {
        var pace = new OpenLoop(rate, 1, 0, count: null, TimeSpan.FromSeconds(duration), Patience);
        while (pace.TakeDue(long.MaxValue / 2) >= 0)
        {
        }

        Assert.Equal(expected, pace.Due);
    }

    [Fact]
    public void An_open_loop_ends_with_its_duration_even_between_two_messages()
    {
        var pace = new OpenLoop(0.7, 1, 0, count: null, TimeSpan.FromSeconds(2), Patience);
        Assert.Equal((0, 0), (pace.TakeDue(0), pace.TakeDue(Stopwatch.Frequency * 2)));

        Assert.Equal(Stopwatch.Frequency * 2, pace.NextDue); // the third's time would be after 2.86 s
        Assert.Equal((-1, long.MaxValue, 2L), (pace.TakeDue(Stopwatch.Frequency * 2), pace.NextDue, pace.Due));
    }

    [Fact]
    public void What_had_to_wait_for_too_long_after_an_open_loops_duration_is_not_begun()
    {
        var second = Stopwatch.Frequency;
        var pace = new OpenLoop(10, 1, 0, count: null, TimeSpan.FromSeconds(1), Patience);
        var connection = Connection(0);

        Assert.True(pace.TryNext(connection, (4 * second) - 1, out _));
        Assert.False(pace.TryNext(connection, 4 * second, out _));
    }

    [Fact]
    public void A_closed_loop_ends_with_its_count_or_its_time()
    {
        var connection = Connection(0);
        var pace = new ClosedLoop(count: 2, end: 100, connections: 1);
        Assert.True(pace.TryNext(connection, 5, out var intended));
        Assert.Equal(5, intended);
        Assert.True(pace.TryNext(connection, 6, out _));
        Assert.True(pace.IsOver);
        Assert.False(pace.TryNext(connection, 7, out _));

        var timed = new ClosedLoop(count: null, end: 100, connections: 1);
        Assert.True(timed.TryNext(connection, 99, out _));
        Assert.False(timed.TryNext(connection, 100, out _));
        Assert.True(timed.IsOver);
    }

    [Fact]
    public void A_closed_loop_gives_each_connection_its_share_at_the_start_and_then_what_there_is()
    {
        var (first, second) = (Connection(0), Connection(1));
        var pace = new ClosedLoop(count: 10, end: null, connections: 2);
        for (var i = 0; i < 5; i++)
        {
            Assert.True(pace.TryNext(first, 1, out _));
            first.Begin(1, 1);
        }

        Assert.False(pace.TryNext(first, 1, out _));
        Assert.True(pace.TryNext(second, 1, out _));
        first.Answer();
        Assert.True(pace.TryNext(first, 1, out _));
    }

    private MeteredConnection Connection(int number) => new(new SocketTransport(_socket, new IPEndPoint(IPAddress.Loopback, 1)), 1, number, new EchoMeterOptions { InFlight = 10 });
}
