using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Net.Sockets;

namespace EchoSocket.Benchmarks;

/// <summary>
/// The server with TLS alternating with one in C over OpenSSL and with Kestrel, under the same load, which is in C, too.
/// The server runs on one processor, and the load on another.
/// </summary>
internal sealed class TlsComparison : IDisposable
{
    private const int Idle = 1000;
    private const double MaxMemory = 40e6;

    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(800);

    private static readonly TlsCase[] Cases =
    [
        new("1 connection, 32 B", "1 32 1", 1.8),
        new("the same on one processor", "1 32 1", 0.88, SameProcessor: true),
        new("64 connections, 32 B", "64 32 1", 0.8),
        new("64 connections, 1 KiB", "64 1024 1", 0.75),
        new("1 connection, 64 KiB x 8", "1 65536 8", 0.75),
        new("full handshake, one echo", "16 32 0", 0.95, KestrelGoal: 1.1),
    ];

    private readonly Dictionary<string, ServerProcess> _servers = [];
    private readonly TlsServers.CertificateFiles _certificate = new();
    private readonly string? _c = Servers.BuildC("tls_epoll_echo", "-lssl", "-lcrypto");
    private readonly string? _load = Servers.BuildC("tls_load", "-lssl", "-lcrypto");
    private bool _missed;

    public static int Run(int rounds)
    {
        using var comparison = new TlsComparison();
        return comparison.Compare(rounds);
    }

    public void Dispose()
    {
        foreach (var server in _servers.Values)
            server.Dispose();
        foreach (var program in new[] { _c, _load }.OfType<string>())
            File.Delete(program);
        _certificate.Dispose();
    }

    private int Compare(int rounds)
    {
        if (_c is null || _load is null)
        {
            Console.Error.WriteLine("This needs Linux, a C compiler, and OpenSSL's headers.");
            return 1;
        }

        Console.WriteLine($"Server on one processor, load on another; {rounds} rounds, alternating; median ratio to C (min-max) [C's processor time to its]");
        Console.WriteLine($"{"",-28}{TlsServers.C,14}{TlsServers.Ours,26}{"goal",6}{"",6}{TlsServers.Kestrel,26}{"ours to it",12}   goal");
        foreach (var name in new[] { TlsServers.C, TlsServers.Ours, TlsServers.Kestrel })
            WarmUp(_servers[name] = Start(name));
        foreach (var load in Cases)
            Compare(load, rounds);
        CompareIdle();
        return _missed ? 1 : 0;
    }

    private void WarmUp(ServerProcess server)
    {
        foreach (var load in Cases[2..])
            Load(server, load, TimeSpan.FromSeconds(1));
    }

    private ServerProcess Start(string name)
    {
        Placement.RunOn(0);
        var server = new ServerProcess(name, _certificate.AddTo(
            name == TlsServers.C ? new ProcessStartInfo(_c!, [_certificate.Certificate, _certificate.Key]) : ServerProcess.Own(name)));
        Placement.RunOn(1);
        return server;
    }

    private (double Rate, double ProcessorTime) Load(ServerProcess server, TlsCase load, TimeSpan duration)
    {
        Placement.RunOn(load.SameProcessor ? 0 : 1);
        var before = server.ProcessorTime;
        var start = new ProcessStartInfo(_load!, $"{server.Port} {load.Arguments} {duration.TotalSeconds.ToString(CultureInfo.InvariantCulture)}")
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var figures = process.StandardOutput.ReadToEnd().Split(' ');
        process.WaitForExit();
        return process.ExitCode == 0
            ? (double.Parse(figures[0], CultureInfo.InvariantCulture),
                (server.ProcessorTime - before).TotalMicroseconds / long.Parse(figures[1], CultureInfo.InvariantCulture))
            : throw new InvalidOperationException($"The load ended with {process.ExitCode}.");
    }

    private void Compare(TlsCase load, int rounds)
    {
        var c = new List<(double Rate, double ProcessorTime)> { Load(_servers[TlsServers.C], load, Turn) };
        var (ours, kestrel) = (new Ratios(), new Ratios());
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (name, ratios) in new[] { (TlsServers.Ours, ours), (TlsServers.Kestrel, kestrel) })
            {
                var its = Load(_servers[name], load, Turn);
                c.Add(Load(_servers[TlsServers.C], load, Turn));
                ratios.Add(its, c[^2], c[^1]);
            }
        }

        var better = ours.Rate / kestrel.Rate;
        Console.WriteLine(
            $"{load.Name,-28}{Statistics.Median(c.Select(m => m.Rate)),12:N0}/s{ours,26}{load.Goal,6:0.00}{Judge(ours.Rate >= load.Goal),6}" +
            $"{kestrel,26}{better,12:0.00}{load.KestrelGoal,7:0.00} {Judge(better >= load.KestrelGoal)}");
    }

    // Uses a fresh server each time: one that was busier before may still hold memory.
    private void CompareIdle()
    {
        Console.WriteLine($"Memory that {Idle:N0} silent connections add");
        foreach (var name in _servers.Keys)
        {
            using var server = Start(name);
            Load(server, Cases[^1], Turn);
            Load(server, Cases[0], Turn);
            var before = server.Memory;
            var clients = Enumerable.Range(0, Idle).Select(_ => Connect(server.Port)).ToList();
            foreach (var client in clients)
            {
                client.Write(new byte[32]);
                client.ReadExactly(new byte[32]);
            }

            var memory = server.Memory - before;
            Console.WriteLine(
                $"  {name,-26}{memory / 1e6,8:0.0} MB{(name == TlsServers.Ours ? $"   {MaxMemory / 1e6:0} MB at most {Judge(memory <= MaxMemory)}" : "")}");
            clients.ForEach(c => c.Dispose());
        }
    }

    private static SslStream Connect(int port)
    {
#pragma warning disable CA5359 // a measurement sends nothing worth protecting
        var client = new SslStream(new NetworkStream(Benchmarks.Load.Connect(port), ownsSocket: true), false, (_, _, _, _) => true);
#pragma warning restore CA5359
        client.AuthenticateAsClient("localhost");
        return client;
    }

    private string Judge(bool met)
    {
        _missed |= !met;
        return met ? "met" : "SHORT";
    }

    private sealed record TlsCase(string Name, string Arguments, double Goal, bool SameProcessor = false, double KestrelGoal = 1.5);

    private sealed class Ratios
    {
        private readonly List<double> _rates = [];
        private readonly List<double> _times = [];

        public double Rate => Statistics.Median(_rates);

        public void Add((double Rate, double ProcessorTime) its, (double Rate, double ProcessorTime) before, (double Rate, double ProcessorTime) after)
        {
            _rates.Add(2 * its.Rate / (before.Rate + after.Rate));
            _times.Add((before.ProcessorTime + after.ProcessorTime) / 2 / its.ProcessorTime);
        }

        public override string ToString() => $"{Statistics.Summary(_rates)} [{Statistics.Median(_times):0.00}]";
    }
}
