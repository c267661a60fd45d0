using System;
using System.Linq;
using System.Threading;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The memory that a long watch needs. Other tests would add to it, so none runs at the same time.</summary>
[CollectionDefinition(nameof(WatchMemoryTests), DisableParallelization = true)]
[Collection(nameof(WatchMemoryTests))]
public class WatchMemoryTests
{
    // Each target has its own clock, which passes as fast as its thread runs. So the 100 threads run at different hours of the day.
    [Fact]
    public void A_day_of_100_targets_needs_no_more_memory_than_its_first_hours()
    {
        const int Targets = 100;
        const int Probes = 86_400;
        const long Tenth = (long)Targets * Probes / 10;
        const long MaxGrowth = 30_000_000; // one number kept for each probe would be 62 MB
        var targets = Enumerable.Range(0, Targets).ToDictionary(_ => new EchoWatchTarget(), i => new SimulatedTarget
        {
            // The round trips take many different times, and there is an outage in each minute.
            Reply = at => at.Seconds is 10 or 11 ? null : TimeSpan.FromTicks(10_000 + (i * 1000) + (at.Ticks / TimeSpan.TicksPerSecond * 7919 % 5000)),
        });
        using var watch = new EchoWatch(new EchoWatchOptions
        {
            Targets = [.. targets.Keys],
            Clock = target => targets[target],
            Prober = (target, _) => targets[target],
            Count = Probes,
        });
        var counter = new MemoryCounter(Tenth);

        watch.Run(counter);

        Assert.Equal(Targets * (long)Probes, counter.Probes);
        Assert.All(watch.Results(), r => Assert.Equal((Probes, 86_400 / 60 * 2, 86_400 / 60), (r.Probes, r.Lost, r.Outages)));
        Bounded.Until(() => GC.GetTotalMemory(forceFullCollection: true) - counter.First < MaxGrowth); // other tests need memory for a while
        GC.KeepAlive(watch);
    }

    // Measures the memory in use after the first probes.
    private sealed class MemoryCounter(long step) : IEchoWatchObserver
    {
        private long _probes;

        public long Probes => _probes;

        public long First { get; private set; }

        public void Probed(WatchProbe probe)
        {
            if (Interlocked.Increment(ref _probes) % step != 0)
                return;

            First = First > 0 ? First : GC.GetTotalMemory(forceFullCollection: true);
        }

        public void OutageBegan(WatchOutage outage)
        {
        }

        public void OutageEnded(WatchOutage outage)
        {
        }
    }
}
