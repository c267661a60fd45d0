using System;
using System.Collections.Generic;
using System.Linq;
using EchoSocket.Serving;
using Xunit;

namespace EchoSocket.Tests;

public class TimersTests
{
    private readonly Timers _timers = new();

    [Fact]
    public void Without_timers_none_is_ever_due()
    {
        Assert.Equal(long.MaxValue, _timers.Due);
        Assert.False(_timers.TryTake(long.MaxValue, out _));
    }

    [Fact]
    public void The_earliest_comes_first_and_none_before_its_time()
    {
        _timers.Set(5, 30);
        _timers.Set(900, 10);
        _timers.Set(7, 20);

        Assert.Equal(10, _timers.Due);
        Assert.False(_timers.TryTake(9, out _));
        Assert.Equal([900, 7, 5], TakeAll(30));
        Assert.Equal(long.MaxValue, _timers.Due);
    }

    [Fact]
    public void A_new_time_replaces_the_earlier_one_and_never_removes_it()
    {
        _timers.Set(1, 10);
        _timers.Set(2, 20);
        _timers.Set(1, 30);
        _timers.Set(2, long.MaxValue);
        _timers.Remove(99);

        Assert.Equal(30, _timers.Due);
        Assert.Equal([1], TakeAll(100));
    }

    // Against the simplest implementation there is.
    [Fact]
    public void Random_changes_give_what_a_sorted_list_gives()
    {
        var random = new Random(1);
        var expected = new Dictionary<int, long>();
        for (var i = 0; i < 100_000; i++)
        {
            var (token, due) = (random.Next(200), random.Next(1000));
            switch (random.Next(4))
            {
                case 0:
                    _timers.Remove(token);
                    expected.Remove(token);
                    break;
                case 1 when _timers.TryTake(due, out var taken):
                    Assert.Equal(expected.Values.Min(), expected[taken]);
                    Assert.InRange(expected[taken], 0, due);
                    expected.Remove(taken);
                    break;
                case 1:
                    Assert.DoesNotContain(expected.Values, value => value <= due);
                    break;
                default:
                    _timers.Set(token, due);
                    expected[token] = due;
                    break;
            }

            Assert.Equal(expected.Count == 0 ? long.MaxValue : expected.Values.Min(), _timers.Due);
        }
    }

    [Fact]
    public void Once_warm_it_allocates_nothing()
    {
        Change();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Change();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8192); // a collection counts the rest of a buffer

        void Change()
        {
            for (var token = 1; token < 5000; token++)
                _timers.Set(token, (token * 7919) % 5000);
            while (_timers.TryTake(5000, out _))
            {
            }
        }
    }

    private List<int> TakeAll(long now)
    {
        var taken = new List<int>();
        while (_timers.TryTake(now, out var token))
            taken.Add(token);
        return taken;
    }
}
