using System;
using System.Collections.Generic;
using System.Linq;

namespace EchoSocket.Benchmarks;

/// <summary>
/// Round trips per second of one client with 32-byte messages. The contenders alternate with the bare loop. The result is the
/// ratio of each one's rate to that of the bare loop just before and after it, so that a slowdown of the machine affects both.
/// </summary>
internal static class RoundTrips
{
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);
    private static readonly Dictionary<string, double> Goals = new() { ["core"] = 0.95, ["cmdlets"] = 0.9 };

    public static int Run(int rounds)
    {
        // Pins everything, so that no result depends on where the system places a thread. A child process inherits the processor.
        Placement.RunOn(0);
        var servers = Contenders.All.ToDictionary(c => c, c => new ServerProcess(c.Name));
        try
        {
            Console.WriteLine($"32 bytes, one client; {rounds} rounds of {Turn.TotalSeconds:0} s, alternating; medians");
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
            Measure(contender); // a first turn for the JIT

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
