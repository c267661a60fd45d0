using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;

namespace EchoSocket.Benchmarks;

/// <summary>
/// Start-EchoServer -KeepListening alternating with other servers in one run, as ratios to the C server. Without a C compiler
/// the ratios are to the plain async server, and the goals, which are ratios to C, are not judged.
/// </summary>
internal sealed class ServerComparison
{
    private const double FreeGoal = 0.9;
    private const double MaxProcessorTime = 1.1;
    private const double MaxMemory = 1e6;
    private const double MaxProcessorShare = 0.005; // less than one tick: the system counts processor time in hundredths of a second

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

    private readonly int _rounds;
    private readonly bool _free;
    private string? _c;
    private bool _missed;

    public ServerComparison(int rounds, bool free = false)
    {
        _rounds = rounds;
        _free = free;
    }

    private string Anchor => _c is null ? Servers.AsyncSockets : Servers.C;

    private IEnumerable<string> Names => Servers.Compared.Where(n => n != Anchor).Prepend(Anchor);

    public int Run()
    {
        _c = Servers.BuildC("epoll_echo");
        try
        {
            Console.WriteLine(
                $"{(_free ? "Server and load on any processor" : "Server on one processor, load on another")}; {_rounds} rounds, alternating; median ratio to {Anchor} (min-max)");
            if (_c is null)
                Console.WriteLine("There is no C compiler here, so the goals, which are ratios to C, are not judged.");
            CompareRates();
            CompareSilence();
            ThreadComparison.Run(_rounds);
            return _missed ? 1 : 0;
        }
        finally
        {
            if (_c is not null)
                File.Delete(_c);
        }
    }

    private static void WarmUp(int port)
    {
        Load.Run(port, Cases[2], TimeSpan.FromSeconds(1.5), out _);
        Load.Run(port, Cases[5], Turn, out _);
        Load.Run(port, Cases[6], Turn, out _);
    }

    private ServerProcess Start(string name)
    {
        RunOn(0);
        var server = name == Servers.C ? new ServerProcess(name, new ProcessStartInfo(_c!)) : new ServerProcess(name);
        RunOn(1);
        return server;
    }

    private void RunOn(int processor)
    {
        if (!_free)
            Placement.RunOn(processor);
    }

    private void CompareRates()
    {
        var servers = new Dictionary<string, ServerProcess>();
        try
        {
            foreach (var name in Names)
                servers[name] = Start(name);
            foreach (var server in servers.Values)
                WarmUp(server.Port);

            Console.WriteLine($"{"",-28}{Anchor,14}{string.Concat(Names.Skip(1).Select(n => $"{n,20}"))}   goal");
            foreach (var load in Cases.Where(c => !(_free && c.SameProcessor)))
                Compare(load, servers);
        }
        finally
        {
            foreach (var server in servers.Values)
                server.Dispose();
        }
    }

    private void Compare(Case load, Dictionary<string, ServerProcess> servers)
    {
        RunOn(load.SameProcessor ? 0 : 1);
        var rates = new List<double>();
        var ratios = servers.Keys.ToDictionary(n => n, _ => new List<double>());
        var processor = servers.Keys.ToDictionary(n => n, _ => new List<double>());

        double Measure(string name)
        {
            var server = servers[name];
            var before = server.ProcessorTime;
            var rate = Load.Run(server.Port, load, Turn, out var messages);
            processor[name].Add((server.ProcessorTime - before).TotalMicroseconds / Math.Max(1, messages));
            return rate;
        }

        var last = Measure(Anchor);
        for (var round = 0; round < _rounds; round++)
        {
            foreach (var other in Names.Skip(1))
            {
                var rate = Measure(other);
                var next = Measure(Anchor);
                rates.Add(next);
                ratios[other].Add(rate / ((last + next) / 2));
                last = next;
            }
        }

        var goal = _free ? FreeGoal : load.Goal;
        var unit = load.InBytes ? $"{Statistics.Median(rates) / 1e6:N0} MB/s" : $"{Statistics.Median(rates):N0}/s";
        Console.WriteLine(
            $"{load.Name,-28}{unit,14}{string.Concat(Names.Skip(1).Select(n => $"{Statistics.Summary(ratios[n]),20}"))}{goal,7:0.00} {Judge(Statistics.Median(ratios[Servers.Ours]) >= goal)}");
        if (load is not { Connections: 64, Size: 32 })
            return;

        var own = Statistics.Median(processor[Anchor]);
        var times = Names.ToDictionary(n => n, n => Statistics.Median(processor[n]) / own);
        Console.WriteLine(
            $"{"  processor time a message",-28}{own,11:0.00} us{string.Concat(Names.Skip(1).Select(n => $"{times[n],20:0.00}"))}{MaxProcessorTime,7:0.00} at most {Judge(times[Servers.Ours] <= MaxProcessorTime)}");
    }

    // Uses a fresh server each time: one that had 1,000 connections before may still hold their memory.
    private void CompareSilence()
    {
        Console.WriteLine("With 1,000 silent connections: memory they add, the processor's share over a second, and one busy client's round trips");
        foreach (var name in Names.Append(Servers.Portable))
        {
            using var server = Start(name);
            Load.Run(server.Port, Cases[6], Turn, out _);
            Load.Run(server.Port, Cases[0], Turn, out _);
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
            var memory = server.Memory - before;
            var rate = Load.Run(server.Port, Cases[0], Turn, out _);
            var verdict = name == Servers.Ours ? $"   {MaxMemory / 1e6:0} MB and {MaxProcessorShare:P1} at most {Judge(memory <= MaxMemory && share <= MaxProcessorShare, isRatio: false)}" : "";
            Console.WriteLine($"  {name,-26}{memory / 1e6,8:0.0} MB{share,10:P1}{rate,12:N0}/s{verdict}");
            clients.ForEach(c => c.Dispose());
        }
    }

    private string Judge(bool met, bool isRatio = true)
    {
        if (isRatio && _c is null)
            return "";

        _missed |= !met;
        return met ? "met" : "SHORT";
    }
}
