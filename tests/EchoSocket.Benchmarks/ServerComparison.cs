using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;

namespace EchoSocket.Benchmarks;

/// <summary>
/// Start-EchoServer -KeepListening next to other servers, in turns in the same run, as ratios to the C server (or, where
/// there is no C compiler, to the plain async one).
/// </summary>
internal static class ServerComparison
{
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(800);

    private static readonly Case[] Cases =
    [
        new("1 connection, 32 B", 1, 32, Goal: 2.5),
        new("the same on one processor", 1, 32, SameProcessor: true, Goal: 0.97),
        new("64 connections, 32 B", 64, 32, Goal: 0.97),
        new("64 connections, 1 KiB", 64, 1024, Goal: 0.97),
        new("1,000 connections, 32 B", 1000, 32, Goal: 0.97),
        new("1 connection, 64 KiB x 8", 1, 64 * 1024, InFlight: 8, Goal: 0.95),
        new("connect, one echo, close", 16, 32, Churn: true, Goal: 1.0),
    ];

    public static int Run(int rounds)
    {
        var c = Servers.BuildC("epoll_echo");
        Placement.RunOn(0);
        var servers = new Dictionary<string, ServerProcess>();
        try
        {
            if (c is not null)
                servers[Servers.C] = new ServerProcess(Servers.C, c, []);
            foreach (var name in Servers.Compared)
                servers[name] = new ServerProcess(name);

            var anchor = servers.Keys.First();
            foreach (var server in servers.Values)
                WarmUp(server.Port);

            Console.WriteLine($"Server on one processor, load on another; {rounds} rounds in turns; median ratio to {anchor} (min-max)");
            Console.WriteLine($"{"",-28}{anchor,14}{string.Concat(servers.Keys.Skip(1).Select(n => $"{n,20}"))}   goal");
            var missed = Cases.Sum(load => Compare(load, servers, rounds));
            Placement.RunOn(0);
            servers[Servers.Portable] = new ServerProcess(Servers.Portable);
            Placement.RunOn(1);
            Silent(servers);
            return missed == 0 ? 0 : 1;
        }
        finally
        {
            foreach (var server in servers.Values)
                server.Dispose();
            if (c is not null)
                File.Delete(c);
        }
    }

    private static void WarmUp(int port)
    {
        Load.Run(port, Cases[2], TimeSpan.FromSeconds(1.5), out _);
        Load.Run(port, Cases[5], Turn, out _);
        Load.Run(port, Cases[6], Turn, out _);
    }

    private static int Compare(Case load, Dictionary<string, ServerProcess> servers, int rounds)
    {
        Placement.RunOn(load.SameProcessor ? 0 : 1);
        var (anchor, others) = (servers.First(), servers.Skip(1).ToList());
        var rates = new List<double>();
        var ratios = others.ToDictionary(o => o.Key, _ => new List<double>());
        var processor = servers.Keys.ToDictionary(n => n, _ => new List<double>());

        double Measure(KeyValuePair<string, ServerProcess> server)
        {
            var before = server.Value.ProcessorTime;
            var rate = Load.Run(server.Value.Port, load, Turn, out var messages);
            processor[server.Key].Add((server.Value.ProcessorTime - before).TotalMicroseconds / Math.Max(1, messages));
            return rate;
        }

        var last = Measure(anchor);
        for (var round = 0; round < rounds; round++)
        {
            foreach (var other in others)
            {
                var rate = Measure(other);
                var next = Measure(anchor);
                rates.Add(next);
                ratios[other.Key].Add(rate / ((last + next) / 2));
                last = next;
            }
        }

        var ours = Statistics.Median(ratios[Servers.Ours]);
        var unit = load.InBytes ? $"{Statistics.Median(rates) / 1e6:N0} MB/s" : $"{Statistics.Median(rates):N0}/s";
        Console.WriteLine(
            $"{load.Name,-28}{unit,14}{string.Concat(others.Select(o => $"{Statistics.Summary(ratios[o.Key]),20}"))}{load.Goal,7:0.00} {(ours >= load.Goal ? "met" : "SHORT")}");
        if (load is { Connections: 64, Size: 32 })
        {
            var own = Statistics.Median(processor[anchor.Key]);
            Console.WriteLine(
                $"{"  processor time a message",-28}{own,11:0.00} us{string.Concat(others.Select(o => $"{Statistics.Median(processor[o.Key]) / own,20:0.00}"))}   1.10 at most");
        }

        return ours >= load.Goal ? 0 : 1;
    }

    private static void Silent(Dictionary<string, ServerProcess> servers)
    {
        Console.WriteLine("With 1,000 silent connections: memory they add, the processor's share over a second, and one busy client's round trips");
        foreach (var (name, server) in servers)
        {
            var before = server.Memory;
            var clients = Enumerable.Range(0, 1000).Select(_ => Load.Connect(server.Port)).ToList();
            foreach (var client in clients)
            {
                client.Send(new byte[32]);
                client.Receive(new byte[32]);
            }

            Thread.Sleep(300);
            var (time, clock) = (server.ProcessorTime, Stopwatch.StartNew());
            Thread.Sleep(1000);
            var share = (server.ProcessorTime - time) / clock.Elapsed;
            var memory = (server.Memory - before) / 1e6;
            var rate = Load.Run(server.Port, Cases[0], Turn, out _);
            Console.WriteLine($"  {name,-26}{memory,8:0.0} MB{share,10:P1}{rate,12:N0}/s");
            clients.ForEach(c => c.Dispose());
        }
    }
}
