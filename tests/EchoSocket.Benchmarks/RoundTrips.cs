using System;
using System.Collections.Generic;
using System.Linq;

namespace EchoSocket.Benchmarks;

/// <summary>
/// Round trips a second of one client with 32-byte messages. The contenders run in turns, and what counts is each one's
/// rate over that of the bare loop just before and after it: a machine that gets slower does so for both.
/// </summary>
internal static class RoundTrips
{
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);
    private static readonly Dictionary<string, double> Goals = new() { ["core"] = 0.95, ["cmdlets"] = 0.9 };

    public static int Run(int rounds)
    {
        // Pinned, so that no turn depends on where the system puts it; what is started inherits its starter's processor.
        Placement.RunOn(0);
        var servers = Contenders.All.ToDictionary(c => c, c => new ServerProcess(c.Name));
        try
        {
            Console.WriteLine($"32 bytes, one client; {rounds} rounds of {Turn.TotalSeconds:0} s in turns; medians");
            Compare("server and client on the same processor, for comparison", servers, rounds, judge: false);
            Placement.RunOn(1);
            return Compare("server and client on a processor each", servers, rounds, judge: true);
        }
        finally
        {
            foreach (var server in servers.Values)
                server.Dispose();
        }
    }

    private static int Compare(string placement, Dictionary<IContender, ServerProcess> servers, int rounds, bool judge)
    {
        double Measure(IContender contender) => contender.Measure(servers[contender].Port, Turn);

        foreach (var contender in Contenders.All)
            Measure(contender); // the first turn is the JIT's

        var bare = Contenders.All[0];
        var rates = Contenders.All.ToDictionary(c => c, _ => new List<double>());
        var ratios = Contenders.All.ToDictionary(c => c, _ => new List<double>());
        var before = Measure(bare);
        for (var round = 0; round < rounds; round++)
        {
            foreach (var contender in Contenders.All[1..])
            {
                var rate = Measure(contender);
                var after = Measure(bare);
                rates[bare].Add(after);
                rates[contender].Add(rate);
                ratios[contender].Add(rate / ((before + after) / 2));
                before = after;
            }
        }

        Console.WriteLine(placement);
        Console.WriteLine($"{"",-10}{"round trips/s",14}{"ratio",8}{"(min-max)",14}{"goal",7}");
        Console.WriteLine($"{bare.Name,-10}{Statistics.Median(rates[bare]),14:N0}");
        var missed = 0;
        foreach (var contender in Contenders.All[1..])
        {
            var ratio = Statistics.Median(ratios[contender]);
            var goal = Goals[contender.Name];
            missed += ratio >= goal ? 0 : 1;
            Console.WriteLine(
                $"{contender.Name,-10}{Statistics.Median(rates[contender]),14:N0}{ratio,8:0.00}" +
                $"{$"({ratios[contender].Min():0.00}-{ratios[contender].Max():0.00})",14}{(judge ? $"{goal,7:0.00} {(ratio >= goal ? "met" : "SHORT")}" : "")}");
        }

        return judge && missed > 0 ? 1 : 0;
    }
}
