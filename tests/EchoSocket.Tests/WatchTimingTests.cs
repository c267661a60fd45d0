using System;
using System.Linq;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>When a watch probes, what is lost, and which outages it finds: on a simulated clock.</summary>
public class WatchTimingTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Probes_are_paced_from_the_start_and_not_from_the_last_reply()
    {
        var target = new SimulatedTarget { Reply = at => TimeSpan.FromMilliseconds(at.TotalSeconds % 2 < 1 ? 900 : 300) };

        var (observed, result) = target.Watch(o => o.Count = 6);

        Assert.Equal([0, 1, 2, 3, 4, 5], observed.Seconds);
        Assert.Equal((6L, 0L), (result.Probes, result.Lost));
        Assert.Equal(6, result.Duration.TotalSeconds, 3);
    }

    [Fact]
    public void A_duration_has_as_many_probes_as_intervals_begin_in_it()
    {
        var (observed, result) = new SimulatedTarget().Watch(o => (o.Interval, o.Duration) = (Second / 2, Second * 1.6));

        Assert.Equal([0, 0.5, 1, 1.5], observed.Seconds);
        Assert.Equal(2, result.Duration.TotalSeconds, 3);
    }

    [Fact]
    public void The_first_of_count_and_duration_ends_the_watch()
    {
        Assert.Equal(3, new SimulatedTarget().Watch(o => (o.Count, o.Duration) = (3, Second * 10)).Result.Probes);
        Assert.Equal(10, new SimulatedTarget().Watch(o => (o.Count, o.Duration) = (30, Second * 10)).Result.Probes);
    }

    [Fact]
    public void An_outage_has_its_exact_start_end_and_number_of_lost_probes()
    {
        var target = new SimulatedTarget { Reply = at => at >= Second * 4 && at < Second * 7 ? null : TimeSpan.FromMilliseconds(2) };

        var (observed, result) = target.Watch(o => o.Count = 10);

        Assert.Equal("....xxx...", observed.Pattern);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (double)i), observed.Seconds);
        var outage = Assert.Single(observed.Outages);
        Assert.Equal(
            (SimulatedTarget.Begin.AddSeconds(4), SimulatedTarget.Begin.AddSeconds(7), Second * 3, 3L, EchoPathStage.Echo, "timed out"),
            (outage.Start, outage.End, outage.Duration, outage.ProbesLost, outage.FailedStage, outage.Reason));
        var begun = Assert.Single(observed.Begun);
        Assert.Equal((outage.Start, null, 1L), (begun.Start, begun.End, begun.ProbesLost));
        Assert.Equal((10L, 3L, 1L, Second * 3, Second * 3), (result.Probes, result.Lost, result.Outages, result.OutageTime, result.LongestOutage));
        Assert.Equal(0.7, result.Availability!.Value, 9);
        Assert.Null(result.OpenOutage);
    }

    [Fact]
    public void A_target_that_never_answers_is_in_an_outage_from_the_first_probe_to_the_end()
    {
        var (observed, result) = new SimulatedTarget { Reply = _ => null }.Watch(o => o.Count = 5);

        Assert.Equal("xxxxx", observed.Pattern);
        var outage = Assert.Single(observed.Outages);
        Assert.Equal((SimulatedTarget.Begin, null, 5L, Second * 5), (outage.Start, outage.End, outage.ProbesLost, outage.Duration));
        Assert.Equal((1L, Second * 5, 0.0), (result.Outages, result.LongestOutage, result.Availability));
        Assert.Equal(outage.Start, result.OpenOutage!.Start);
        Assert.Null(result.Jitter ?? result.Minimum ?? result.Mean ?? result.P50 ?? result.P99 ?? result.Maximum);
    }

    [Fact]
    public void Several_outages_are_told_apart_and_the_longest_is_kept()
    {
        var target = new SimulatedTarget { Reply = at => "..x.xxx.x"[(int)at.TotalSeconds] == 'x' ? null : TimeSpan.FromMilliseconds(2) };

        var (observed, result) = target.Watch(o => o.Count = 9);

        Assert.Equal([1L, 3L, 1L], observed.Outages.Select(o => o.ProbesLost));
        Assert.Equal([true, true, false], observed.Outages.Select(o => o.End is not null));
        Assert.Equal((3L, 5L, Second * 3, Second * 5), (result.Outages, result.Lost, result.LongestOutage, result.OutageTime));
    }

    [Fact]
    public void A_slot_that_comes_while_a_probe_waits_is_lost_with_it_but_not_counted_if_it_succeeds()
    {
        // At 2 s the reply takes 2.5 s; at 6 s none comes for 3 s.
        var target = new SimulatedTarget { Reply = at => at == Second * 2 ? Second * 2.5 : at == Second * 6 ? null : TimeSpan.FromMilliseconds(2) };

        var (observed, result) = target.Watch(o => (o.Duration, o.Timeout) = (Second * 11, Second * 3));

        Assert.Equal([0, 1, 2, 5, 6, 7, 8, 9, 10], observed.Seconds);
        Assert.Equal("....xxx..", observed.Pattern);
        var outage = Assert.Single(observed.Outages);
        Assert.Equal((3L, Second * 3), (outage.ProbesLost, outage.Duration));
        Assert.Equal((9L, 3L), (result.Probes, result.Lost));
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(2, 2)]
    public void Slots_that_are_lost_without_a_probe_count_up_to_the_number_of_probes(int count, int expected)
    {
        var (observed, _) = new SimulatedTarget { Reply = _ => null }.Watch(o => (o.Count, o.Timeout) = (count, Second * 5));

        Assert.Equal(expected, observed.Probes.Count);
        Assert.Equal(Enumerable.Range(0, expected).Select(i => (double)i), observed.Seconds);
    }

    [Fact]
    public void A_watch_that_was_suspended_has_lost_nothing_and_goes_on_in_its_slots()
    {
        var target = new SimulatedTarget { Oversleep = at => at == Second * 2 ? TimeSpan.FromHours(1) + (Second / 2) : TimeSpan.Zero };

        var (observed, result) = target.Watch(o => o.Count = 5);

        Assert.Equal([0, 1, 3602.5, 3603, 3604], observed.Seconds);
        Assert.Equal(0, result.Lost);
    }

    [Fact]
    public void A_probe_that_begins_late_has_nine_tenths_of_its_time_at_least()
    {
        var target = new SimulatedTarget { Oversleep = _ => TimeSpan.FromMilliseconds(400), Reply = _ => TimeSpan.FromMilliseconds(719) };

        var (observed, _) = target.Watch(o => (o.Count, o.Interval, o.Timeout) = (3, Second * 2, TimeSpan.FromMilliseconds(800)));

        Assert.Equal("...", observed.Pattern);
    }

    [Fact]
    public void The_times_of_the_replies_are_summed_up()
    {
        var target = new SimulatedTarget { Reply = at => TimeSpan.FromMilliseconds(at == Second * 50 ? 400 : (int)at.TotalSeconds % 2 == 0 ? 10 : 20) };

        var result = target.Watch(o => o.Count = 100).Result;

        AssertNear(10, result.Minimum);
        AssertNear(20, result.P50);
        AssertNear(20, result.P99);
        AssertNear(400, result.Maximum);
        AssertNear(((49 * 10) + (50 * 20) + 400) / 100.0, result.Mean);
        AssertNear(((97 * 10) + 380 + 380) / 99.0, result.Jitter);
    }

    [Fact]
    public void Jitter_needs_two_replies_and_skips_losses()
    {
        Assert.Null(new SimulatedTarget().Watch(o => o.Count = 1).Result.Jitter);
        var target = new SimulatedTarget { Reply = at => at == Second ? null : TimeSpan.FromMilliseconds(at == TimeSpan.Zero ? 10 : 40) };
        AssertNear(30, target.Watch(o => o.Count = 3).Result.Jitter);
    }

    private static void AssertNear(double milliseconds, TimeSpan? time) => Assert.InRange(time!.Value.TotalMilliseconds, milliseconds * 0.999, milliseconds * 1.001);
}
