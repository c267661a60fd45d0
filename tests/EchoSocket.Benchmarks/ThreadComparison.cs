using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace EchoSocket.Benchmarks;

/// <summary>
/// Start-EchoServer -ThreadCount: a server with a thread for each processor, alternating with one of one thread. Server and load share
/// all processors. The load has as many threads, because a single one could not keep several of the server's busy.
/// </summary>
internal static class ThreadComparison
{
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(800);

    private static readonly Case[] Cases =
    [
        new("1 connection, 32 B", 1, 32),
        new("64 connections, 32 B", 64, 32),
        new("64 connections, 1 KiB", 64, 1024),
        new("1,000 connections, 32 B", 1000, 32),
        new("connect, one echo, close", 16, 32, Churn: true),
    ];

    public static int Run(int rounds)
    {
        Placement.RunAnywhere();
        var threads = Math.Max(2, Environment.ProcessorCount);
        using var one = new ServerProcess(Servers.Ours);
        using var many = new ServerProcess(Servers.Ours, Servers.WithThreads(threads));
        foreach (var server in new[] { one, many })
            Measure(server, Cases[1]);

        Console.WriteLine($"Start-EchoServer -ThreadCount {threads} to -ThreadCount 1, server and load on the same {Environment.ProcessorCount} processors; {rounds} rounds, alternating");
        foreach (var load in Cases)
        {
            var (rates, ratios) = (new List<double>(), new List<double>());
            var last = Measure(one, load);
            for (var round = 0; round < rounds; round++)
            {
                var rate = Measure(many, load);
                var next = Measure(one, load);
                rates.Add(next);
                ratios.Add(rate / ((last + next) / 2));
                last = next;
            }

            Console.WriteLine($"{load.Name,-28}{Statistics.Median(rates),12:N0}/s{Statistics.Summary(ratios),20}");
        }

        return 0; // there is no goal: it depends on the processors that the load leaves free
    }

    private static double Measure(ServerProcess server, Case load)
    {
        var threads = Math.Min(Math.Max(2, Environment.ProcessorCount), load.Connections);
        var part = load with { Connections = load.Connections / threads };
        var running = Enumerable.Range(0, threads).Select(_ => Task.Factory.StartNew(
            () => Load.Run(server.Port, part, Turn, out var _), TaskCreationOptions.LongRunning)).ToArray();
        return Task.WhenAll(running).GetAwaiter().GetResult().Sum();
    }
}
