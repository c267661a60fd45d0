using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Sockets;
using Xunit;

namespace EchoSocket.Tests;

public sealed class PaceTests : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public void Dispose() => _socket.Dispose();

    [Fact]
    public void An_open_loop_has_fixed_times_and_the_connections_take_turns()
    {
        const long Start = 1_000_000;
        var second = Stopwatch.Frequency;
        var pace = new OpenLoop(10, 3, Start, count: 7, duration: null);
        var told = new List<int>();
        for (var number = pace.TakeDue(Start + (second / 2)); number >= 0; number = pace.TakeDue(Start + (second / 2)))
            told.Add(number);

        Assert.Equal([0, 1, 2, 0, 1, 2], told); // 0 to 0.5 s, a tenth apart
        Assert.Equal(Start + (second * 6 / 10), pace.NextDue);
        Assert.False(pace.IsOver);
        Assert.Equal(0, pace.TakeDue(Start + second));
        Assert.True(pace.IsOver);
        Assert.Equal((-1, long.MaxValue), (pace.TakeDue(long.MaxValue), pace.NextDue));
    }

    [Fact]
    public void An_open_loops_message_counts_from_its_own_time_however_late_it_is_begun()
    {
        const long Start = 1_000_000;
        var second = Stopwatch.Frequency;
        var pace = new OpenLoop(10, 3, Start, count: 7, duration: null);
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
    public void An_open_loops_duration_has_the_messages_whose_time_is_within_it(double rate, double duration, int expected)
    {
        var pace = new OpenLoop(rate, 1, 0, count: null, TimeSpan.FromSeconds(duration));
        var count = 0;
        while (pace.TakeDue(long.MaxValue) >= 0)
            count++;

        Assert.Equal(expected, count);
    }

    [Fact]
    public void A_closed_loop_ends_with_its_count_or_its_time()
    {
        var connection = Connection(0);
        var pace = new ClosedLoop(count: 2, end: 100);
        Assert.True(pace.TryNext(connection, 5, out var intended));
        Assert.Equal(5, intended);
        Assert.True(pace.TryNext(connection, 6, out _));
        Assert.True(pace.IsOver);
        Assert.False(pace.TryNext(connection, 7, out _));

        var timed = new ClosedLoop(count: null, end: 100);
        Assert.True(timed.TryNext(connection, 99, out _));
        Assert.False(timed.TryNext(connection, 100, out _));
        Assert.True(timed.IsOver);
    }

    private MeteredConnection Connection(int number) => new(_socket, 1, number, new EchoMeterOptions { InFlight = 10 });
}
