using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

public class AdaptiveSpinTests
{
    [Fact]
    public void It_goes_on_while_it_pays()
    {
        var spin = new AdaptiveSpin(lookCosts: true, Bounded.Limit);
        for (var i = 0; i < 1000; i++)
        {
            var looks = 0;
            Assert.True(spin.Find(() => ++looks > 1));
        }
    }

    [Theory]
    [InlineData(false)] // what is waited for never comes in time
    [InlineData(true)] // or is always there before the first look
    public void It_stops_where_it_does_not_pay_and_tries_again_ever_more_rarely(bool found)
    {
        var spin = new AdaptiveSpin(lookCosts: true);

        Assert.InRange(Tries(1_000), 4, 20);
        Assert.InRange(Tries(100_000), 1, 30);

        int Tries(int waits)
        {
            var tries = 0;
            for (var i = 0; i < waits; i++)
            {
                var looked = false;
                spin.Find(() => (looked = true) && found);
                tries += looked ? 1 : 0;
            }

            return tries;
        }
    }

    [Fact]
    public void Finding_at_once_proves_nothing_where_it_costs_nothing()
    {
        var spin = new AdaptiveSpin(lookCosts: false);
        Assert.Equal(1_000, Looks(found: true, waits: 1_000));
        Assert.Equal(3, Looks(found: false, waits: 3));
        Assert.Equal(1_000, Looks(found: true, waits: 1_000)); // nor does it make good what was looked for in vain
        Assert.Equal(1, Looks(found: false, waits: 64));
        Assert.Equal(1_000 - 1, Looks(found: true, waits: 1_000));

        // How many waits looked.
        int Looks(bool found, int waits)
        {
            var looks = 0;
            for (var i = 0; i < waits; i++)
            {
                var looked = false;
                spin.Find(() => (looked = true) && found);
                looks += looked ? 1 : 0;
            }

            return looks;
        }
    }

    [Fact]
    public void It_starts_again_when_it_pays_again()
    {
        var spin = new AdaptiveSpin(lookCosts: true, Bounded.Limit);
        for (var i = 0; i < 4; i++)
            Assert.True(spin.Find(() => true)); // there before the first look: it proves nothing

        var found = 0;
        for (var i = 0; i < 1_000; i++)
        {
            var looks = 0;
            found += spin.Find(() => ++looks > 1) ? 1 : 0;
        }

        Assert.Equal(1_000 - 64, found); // it rests for 64 waits once
    }
}
