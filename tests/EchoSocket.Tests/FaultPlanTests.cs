using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;
using EchoSocket.Common;
using EchoSocket.Faults;
using Xunit;
using static System.FormattableString;

namespace EchoSocket.Tests;

/// <summary>What a plan says, with a clock that the test sets. Times are milliseconds.</summary>
public class FaultPlanTests
{
    private const int Seed = 42;

    private readonly List<string> _log = [];
    private long _now = 1_000_000; // any stopwatch timestamp

    private static long Ticks(double milliseconds) => Clock.Ticks(TimeSpan.FromMilliseconds(milliseconds));

    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private FaultPlan Plan(params EchoFault[] faults) => new(faults, Seed, 1, _now) { IsEstablished = true };

    // Hands in replies ("text" now, "@5" to let 5 ms pass first), and lets the plan run for a time. Returns what left and when.
    private string Run(FaultPlan plan, double milliseconds, params string[] replies)
    {
        var start = _now;
        Advance(plan, start, start);
        foreach (var reply in replies)
        {
            if (reply[0] == '@')
                Advance(plan, start, _now + Ticks(double.Parse(reply[1..], CultureInfo.InvariantCulture)));
            else
                plan.Add(Encoding.ASCII.GetBytes(reply), _now);
        }

        Advance(plan, start, start + Ticks(milliseconds));
        return string.Join(" ", _log);
    }

    private void Advance(FaultPlan plan, long start, long until)
    {
        while (true)
        {
            var action = plan.Next(_now);
            if (action == FaultAction.Send)
            {
                var bytes = plan.Current;
                _log.Add(Invariant($"{Time(start)}:{Encoding.Latin1.GetString(bytes.Array!, bytes.Offset, bytes.Count)}"));
                plan.Sent(bytes.Count, _now);
            }
            else if (action != FaultAction.Wait)
            {
                _log.Add(Invariant($"{Time(start)}:<{action}>"));
            }
            else if (plan.Due <= until)
            {
                Assert.True(plan.Due > _now);
                _now = plan.Due;
            }
            else
            {
                _now = Math.Max(_now, until);
                return;
            }
        }
    }

    private double Time(long start) => Math.Round(Clock.ToTimeSpan(_now - start).TotalMilliseconds, 1);

    [Fact]
    public void Without_faults_replies_leave_at_once_and_whole() => Assert.Equal("0:HELLO 3:X", Run(Plan(), 10, "HELLO", "@3", "X"));

    [Fact]
    public void A_delay_holds_each_reply_back_and_keeps_the_order() =>
        Assert.Equal("50:A 52:B", Run(Plan(EchoFault.Delay(Ms(50))), 100, "A", "@2", "B"));

    [Fact]
    public void Jitter_varies_the_delay_within_its_range_and_never_the_order()
    {
        var plan = Plan(EchoFault.Delay(Ms(50), Ms(20)));
        var sent = new List<(double Time, string Text)>();
        for (var i = 0; i < 500; i++)
        {
            _log.Clear();
            var parts = Run(plan, 100, "x").Split(':');
            sent.Add((double.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]));
        }

        Assert.All(sent, s => Assert.InRange(s.Time, 30, 70));
        Assert.InRange(sent.Average(s => s.Time), 48, 52);
        Assert.True(sent.Max(s => s.Time) > 68 && sent.Min(s => s.Time) < 32);

        _log.Clear();
        var together = Run(Plan(EchoFault.Delay(Ms(50), Ms(50))), 200, [.. "ABCDEFGHIJ".Select(c => c.ToString())]);
        Assert.Equal("ABCDEFGHIJ", string.Concat(together.Split(' ').Select(p => p.Split(':')[1])));
    }

    [Fact]
    public void A_slice_sends_pieces_at_a_distance_and_begins_anew_with_each_reply() =>
        Assert.Equal("0:AB 10:CD 20:E 30:FG 40:H 100:I", Run(Plan(EchoFault.Slice(2, Ms(10))), 200, "ABCDE", "FGH", "@100", "I"));

    [Fact]
    public void A_slice_without_a_delay_only_cuts() => Assert.Equal("0:A 0:B 0:C", Run(Plan(EchoFault.Slice(1)), 10, "ABC"));

    [Fact]
    public void A_throttle_sends_a_hundredth_of_the_rate_every_10_ms() =>
        Assert.Equal("0:AB 10:CD 20:E 25:F", Run(Plan(EchoFault.Throttle(200)), 200, "ABCDE", "F"));

    [Fact]
    public void A_throttle_below_100_bytes_a_second_sends_single_bytes() =>
        Assert.Equal("0:A 500:B 1000:C", Run(Plan(EchoFault.Throttle(2)), 2000, "ABC"));

    [Fact]
    public void A_throttle_keeps_its_rate_exactly()
    {
        var plan = Plan(EchoFault.Throttle(30_000));
        Run(plan, 10_000, new string('x', 300_000));
        Assert.InRange(plan.BytesSent, 300_000 - 300, 300_000);
    }

    [Fact]
    public void After_a_client_that_did_not_read_the_pieces_keep_their_distance()
    {
        var plan = Plan(EchoFault.Slice(1, Ms(10)));
        plan.Add("ABC"u8.ToArray(), _now);
        Assert.Equal(FaultAction.Send, plan.Next(_now));
        _now += Ticks(1000);
        plan.Sent(1, _now);
        Assert.Equal("10:B 20:C", Run(plan, 100));
    }

    [Fact]
    public void A_piece_that_leaves_a_little_late_does_not_delay_the_next()
    {
        var plan = Plan(EchoFault.Slice(1, Ms(10)));
        plan.Add("AB"u8.ToArray(), _now);
        Assert.Equal(FaultAction.Send, plan.Next(_now));
        _now += Ticks(2);
        plan.Sent(1, _now);
        Assert.Equal("8:B", Run(plan, 100));
    }

    [Theory]
    [InlineData(0, "0:<Close>")]
    [InlineData(3, "0:HEL 0:<Close>")]
    [InlineData(5, "0:HELLO 0:<Close>")]
    [InlineData(8, "0:HELLO 5:WOR 5:<Close>")]
    [InlineData(11, "0:HELLO 5:WORLD")]
    public void A_close_comes_after_exactly_so_many_bytes(int after, string expected) =>
        Assert.Equal(expected, Run(Plan(EchoFault.Close(after)), 100, "HELLO", "@5", "WORLD"));

    [Fact]
    public void Resets_and_half_closes_come_after_exactly_so_many_bytes_too()
    {
        Assert.Equal("0:HE 0:<Reset>", Run(Plan(EchoFault.Reset(2)), 100, "HELLO"));
        _log.Clear();
        Assert.Equal("0:HE 0:<HalfClose>", Run(Plan(EchoFault.HalfClose(2)), 100, "HELLO", "@5", "WORLD"));
    }

    [Fact]
    public void A_fault_after_a_time_comes_then_and_what_is_held_back_is_dropped()
    {
        var plan = Plan(EchoFault.Delay(Ms(20)), EchoFault.Close(Ms(30)));
        Assert.Equal("20:A 30:<Close>", Run(plan, 100, "A", "@15", "B"));
        Assert.Equal((0, FaultAction.Wait, long.MaxValue), (plan.Held, plan.Next(_now), plan.Due));
    }

    [Fact]
    public void Silence_drops_what_is_held_and_all_that_comes()
    {
        var plan = Plan(EchoFault.Silence(2), EchoFault.Reset(Ms(50)));
        Assert.Equal("0:HE 50:<Reset>", Run(plan, 100, "HELLO", "@5", "WORLD"));
        Assert.False(plan.IsStalled);
    }

    [Fact]
    public void A_stall_sends_and_drops_nothing_more()
    {
        var plan = Plan(EchoFault.Stall(2));
        Assert.Equal("0:HE", Run(plan, 100, "HELLO"));
        Assert.Equal((true, 3, long.MaxValue), (plan.IsStalled, plan.Held, plan.Due));
    }

    [Fact]
    public void A_truncated_reply_lacks_its_last_bytes() =>
        Assert.Equal("0:HEL 0:A", Run(Plan(EchoFault.Truncate(2)), 10, "HELLO", "AB", "ABC"));

    [Fact]
    public void A_duplicate_follows_its_reply() => Assert.Equal("0:HI 0:HI 0:YO 0:YO", Run(Plan(EchoFault.Duplicate()), 10, "HI", "YO"));

    // The order decides what a stage sees as a reply.
    [Fact]
    public void Faults_compose_in_the_order_given()
    {
        var (slice, twice, shorter, later) = (EchoFault.Slice(2, Ms(10)), EchoFault.Duplicate(), EchoFault.Truncate(1), EchoFault.Delay(Ms(100)));
        AssertRun("0:AB 10:C 20:AB 30:C", twice, slice);
        AssertRun("0:AB 0:AB 10:C 10:C", slice, twice);
        AssertRun("0:AB 10:AB", shorter, twice, slice);
        AssertRun("0:A", slice, shorter);
        AssertRun("100:AB 110:C", later, slice);
        AssertRun("100:AB 110:C", slice, later);
        AssertRun("100:AB 110:C 110:<Close>", EchoFault.Close(3), later, slice);
        AssertRun("0:ABC 0:A 0:<Reset>", twice, EchoFault.Reset(4));

        void AssertRun(string expected, params EchoFault[] faults)
        {
            _log.Clear();
            Assert.Equal(expected, Run(Plan(faults), 500, "ABC"));
        }
    }

    [Fact]
    public void Corruption_flips_single_bits_at_about_the_distance_asked_for()
    {
        var plan = Plan(EchoFault.Corrupt(100));
        var places = Changes(plan, [.. Enumerable.Repeat(100, 1000)]);

        Assert.InRange(places.Count, 900, 1100);
        Assert.All(places, place => Assert.Equal(1, System.Numerics.BitOperations.PopCount((uint)place.Value)));
        Assert.Equal(8, places.Values.Distinct().Count());
        Assert.All(places.Keys.Zip(places.Keys.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 1, 199));
        Assert.Equal((EchoFaultKind.Corrupt, places.Keys.First(), (long)places.Count), plan.Injected.Select(i => (i.Kind, i.AtByte, i.Count)).Single());
    }

    [Fact]
    public void Corruption_counts_only_the_bytes_that_were_sent()
    {
        var places = Changes(Plan(EchoFault.Corrupt(7)), 1000).Keys.ToList();
        foreach (var end in new long[] { places[0], places[0] + 1, places[4], places[4] + 1, 999 })
        {
            foreach (var more in new EchoFault[][] { [], [EchoFault.Slice(100)] })
            {
                var plan = Plan([EchoFault.Corrupt(7), .. more, EchoFault.Reset(end)]);
                Run(plan, 0, new string('x', 1000));

                var told = plan.Injected.SingleOrDefault(injected => injected.Kind == EchoFaultKind.Corrupt);
                var sent = places.Count(place => place < end);
                Assert.Equal((sent, sent > 0 ? places[0] : 0), (told?.Count ?? 0, told?.AtByte ?? 0));
            }
        }
    }

    [Fact]
    public void Corruption_hits_the_same_bytes_however_the_replies_were_cut()
    {
        var whole = Changes(Plan(EchoFault.Corrupt(7)), 1000);
        var cut = Changes(Plan(EchoFault.Corrupt(7)), [.. Enumerable.Repeat(1, 100), 13, 387, 500]);
        Assert.Equal(whole, cut);
    }

    [Fact]
    public void Pieces_without_bytes_do_not_keep_the_loop_however_many_there_are()
    {
        var plan = Plan([.. Enumerable.Repeat(EchoFault.Duplicate(), 100), EchoFault.Truncate(1)]);
        plan.Add("A"u8.ToArray(), _now);
        Assert.Equal((FaultAction.Wait, _now), (plan.Next(_now), plan.Due));
    }

    [Fact]
    public void What_was_done_to_bytes_that_are_all_dropped_is_not_told()
    {
        var plan = Plan(EchoFault.Corrupt(1), EchoFault.Truncate(5));
        Assert.Equal("", Run(plan, 0, "HELLO"));
        Assert.Equal((EchoFaultKind.Truncate, 0L, 1L), plan.Injected.Select(i => (i.Kind, i.AtByte, i.Count)).Single());
    }

    [Theory]
    [InlineData("Slice")]
    [InlineData("Throttle")]
    [InlineData("Corrupt")]
    [InlineData("Duplicate")]
    public void A_connection_with_nothing_to_send_keeps_no_memory(string kind)
    {
        var plan = Plan(kind switch
        {
            "Slice" => EchoFault.Slice(1000),
            "Throttle" => EchoFault.Throttle(int.MaxValue),
            "Corrupt" => EchoFault.Corrupt(1),
            _ => EchoFault.Duplicate(),
        });
        var before = GC.GetTotalMemory(forceFullCollection: true);
        Use();
        Bounded.Until(() => GC.GetTotalMemory(forceFullCollection: true) - before < 8_000_000); // other tests need memory for a while
        GC.KeepAlive(plan);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Use()
        {
            plan.Add(new byte[10_000_000], _now);
            while (plan.Next(_now) == FaultAction.Send || plan.Held > 0)
            {
                plan.Sent(plan.Current.Count, _now);
                _now += Ticks(1);
            }

            Assert.Equal((0, long.MaxValue), (plan.Held, plan.Due));
        }
    }

    // Written down so that a change of the generator is noticed: a user's recorded seed must go on giving the same faults.
    [Fact]
    public void The_same_seed_gives_the_same_faults_at_the_same_bytes_for_ever()
    {
        Assert.Equal(["38^1", "49^128", "55^64", "96^32", "145^64", "231^128", "269^16", "306^8", "336^4", "358^64"], Changes(Plan(EchoFault.Corrupt(50)), 400).Select(c => $"{c.Key}^{c.Value}"));
        Assert.Equal([1, 4, 6, 10, 17, 28, 29, 33, 35, 36], Enumerable.Range(1, 40).Where(n => Applies(n, Seed)));
        var random = new FaultRandom(Seed, 1, 0);
        Assert.Equal([440802, 451590, 120192, 304561, 424503], Enumerable.Range(0, 5).Select(_ => random.Below(1_000_000)));
    }

    [Fact]
    public void Another_seed_another_connection_and_another_place_draw_differently()
    {
        static string Draw(int seed, long connection, int fault)
        {
            var random = new FaultRandom(seed, connection, fault);
            return string.Join(",", Enumerable.Range(0, 4).Select(_ => random.Below(1000)));
        }

        var draws = new[] { Draw(1, 1, 0), Draw(2, 1, 0), Draw(1, 2, 0), Draw(1, 1, 1), Draw(-1, 1, 0), Draw(0, 1, 0) };
        Assert.Equal(draws.Length, draws.Distinct().Count());
        Assert.Equal(Draw(1, 2, 3), Draw(1, 2, 3));
    }

    [Fact]
    public void What_one_fault_draws_does_not_change_another()
    {
        var alone = Changes(new FaultPlan([EchoFault.Delay(Ms(1)), EchoFault.Corrupt(50)], Seed, 1, _now) { IsEstablished = true }, 1000);
        var beside = Changes(new FaultPlan([EchoFault.Delay(Ms(2), Ms(1)), EchoFault.Corrupt(50)], Seed, 1, _now) { IsEstablished = true }, 1000);
        Assert.Equal(alone, beside);
    }

    [Fact]
    public void A_probability_is_that_of_the_connections()
    {
        Assert.InRange(Enumerable.Range(1, 10_000).Count(n => Applies(n, 7, 0.25)), 2300, 2700);
        Assert.DoesNotContain(Enumerable.Range(1, 1000), n => Applies(n, 7, 0));
        Assert.All(Enumerable.Range(1, 1000), n => Assert.True(Applies(n, 7, 1)));
    }

    [Fact]
    public void A_fault_applies_only_to_the_connections_named()
    {
        var fault = EchoFault.Close().ForConnections(2, 5);
        Assert.Equal([2, 5], Enumerable.Range(1, 10).Where(n => !new FaultPlan([fault], Seed, n, _now).IsEmpty));
    }

    [Fact]
    public void What_was_done_is_recorded_with_its_byte_its_first_time_and_how_often()
    {
        var plan = Plan(EchoFault.Delay(Ms(10)), EchoFault.Duplicate(), EchoFault.Truncate(1), EchoFault.Slice(2, Ms(5)), EchoFault.Close(10));
        var first = new List<EchoFaultKind>();
        plan.Injecting = injected => first.Add(injected.Kind);
        Run(plan, 100, "ABCD", "@1", "ABCD");

        Assert.Equal(
            [
                (EchoFaultKind.Slice, 0L, 10.0, 7L), (EchoFaultKind.Delay, 0L, 10.0, 2L), (EchoFaultKind.Truncate, 3L, 15.0, 3L),
                (EchoFaultKind.Duplicate, 3L, 20.0, 2L), (EchoFaultKind.Close, 10L, 40.0, 1L),
            ],
            plan.Injected.Select(i => (i.Kind, i.AtByte, Math.Round(i.Time.TotalMilliseconds, 1), i.Count)));
        Assert.Equal(plan.Injected.Select(i => i.Kind), first);
    }

    [Fact]
    public void A_fault_that_did_nothing_is_not_recorded()
    {
        var plan = Plan(EchoFault.Slice(10, Ms(5)), EchoFault.Throttle(1000), EchoFault.Close(10));
        Run(plan, 100, "ABCD");
        Assert.Empty(plan.Injected);
    }

    [Fact]
    public void Before_the_handshake_only_what_acts_on_it_acts()
    {
        var plan = new FaultPlan([EchoFault.Close(), EchoFault.Reset(Ms(0))], Seed, 1, _now);
        Assert.Equal((FaultAction.Wait, long.MaxValue), (plan.Next(_now), plan.Due));
        plan.IsEstablished = true;
        Assert.Equal(FaultAction.Close, plan.Next(_now));

        Assert.Equal(FaultAction.Reset, new FaultPlan([EchoFault.RefuseConnection()], Seed, 1, _now).Next(_now));
        var stalled = new FaultPlan([EchoFault.StallHandshake()], Seed, 1, _now);
        Assert.Equal((FaultAction.Wait, true), (stalled.Next(_now), stalled.IsStalled));
    }

    [Fact]
    public void Pieces_of_one_byte_need_no_memory_of_their_own()
    {
        var plan = Plan(EchoFault.Slice(1, Ms(1)));
        var reply = new byte[1_000_000];
        var before = GC.GetAllocatedBytesForCurrentThread();
        plan.Add(reply, _now);
        plan.Next(_now);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.Equal(1_000_000, plan.Held);
    }

    private bool Applies(long connection, int seed, double probability = 0.3) =>
        !new FaultPlan([EchoFault.Close().WithProbability(probability)], seed, connection, _now).IsEmpty;

    // Which bytes of a stream of zeros were changed, and to what.
    private Dictionary<long, byte> Changes(FaultPlan plan, params int[] replies)
    {
        var (changes, position) = (new Dictionary<long, byte>(), 0L);
        foreach (var length in replies)
        {
            plan.Add(new byte[length], _now);
            _now += Ticks(1000);
            while (plan.Next(_now) == FaultAction.Send)
            {
                foreach (var value in plan.Current)
                {
                    if (value != 0)
                        changes[position] = value;
                    position++;
                }

                plan.Sent(plan.Current.Count, _now);
            }
        }

        return changes;
    }
}
