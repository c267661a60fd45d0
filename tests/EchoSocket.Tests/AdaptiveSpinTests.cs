using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

public class AdaptiveSpinTests
{
    [Fact]
    public void A_spin_is_tried_for_every_wait_while_it_pays_off()
    {
        var spin = new AdaptiveSpin(pollCosts: true, Bounded.Limit);
        for (var i = 0; i < 1000; i++)
        {
            var polls = 0;
            Assert.True(spin.TrySpin(() => ++polls > 1));
        }
    }

    [Theory]
    [InlineData(false)] // the event never comes in time
    [InlineData(true)] // the event is always there at the first poll
    public void A_spin_that_does_not_pay_off_is_skipped_and_tried_again_less_and_less_often(bool found)
    {
        var spin = new AdaptiveSpin(pollCosts: true);

        Assert.InRange(Tries(1_000), 4, 20);
        Assert.InRange(Tries(100_000), 1, 30);

        int Tries(int waits)
        {
            var tries = 0;
            for (var i = 0; i < waits; i++)
            {
                var polled = false;
                spin.TrySpin(() => (polled = true) && found);
                tries += polled ? 1 : 0;
            }

            return tries;
        }
    }

    [Fact]
    public void An_event_at_the_first_poll_is_neither_a_hit_nor_a_miss_if_a_poll_costs_nothing()
    {
        var spin = new AdaptiveSpin(pollCosts: false);
        Assert.Equal(1_000, Polls(found: true, waits: 1_000));
        Assert.Equal(3, Polls(found: false, waits: 3));
        Assert.Equal(1_000, Polls(found: true, waits: 1_000)); // does not reset the misses
        Assert.Equal(1, Polls(found: false, waits: 64));
        Assert.Equal(1_000 - 1, Polls(found: true, waits: 1_000));

        // How many waits polled.
        int Polls(bool found, int waits)
        {
            var polls = 0;
            for (var i = 0; i < waits; i++)
            {
                var polled = false;
                spin.TrySpin(() => (polled = true) && found);
                polls += polled ? 1 : 0;
            }

            return polls;
        }
    }

    [Fact]
    public void A_spin_that_pays_off_again_is_tried_for_every_wait_again()
    {
        var spin = new AdaptiveSpin(pollCosts: true, Bounded.Limit);
        for (var i = 0; i < 4; i++)
            Assert.True(spin.TrySpin(() => true)); // at the first poll: a miss

        var found = 0;
        for (var i = 0; i < 1_000; i++)
        {
            var polls = 0;
            found += spin.TrySpin(() => ++polls > 1) ? 1 : 0;
        }

        Assert.Equal(1_000 - 64, found); // one pause of 64 waits
    }
}
