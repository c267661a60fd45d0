using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Threading.Tasks;

namespace EchoSocket.Benchmarks;

/// <summary>
/// Measure-EchoServer, through the engine, alternating with a client in C, against the same C server: does the instrument add
/// to what it measures? Then a minute at full speed, in which its memory must not grow.
/// </summary>
internal static class MeterComparison
{
    private const double Seconds = 1;
    private const int MinuteSeconds = 60;
    private const long MaxGrowth = 2 * 1024 * 1024;

    public static int Run(int rounds)
    {
        var (server, client) = (Servers.BuildC("epoll_echo"), Servers.BuildC("echo_load"));
        if (server is null || client is null)
        {
            Console.Error.WriteLine("This needs Linux and a C compiler.");
            return 1;
        }

        try
        {
            Placement.RunOn(0);
            using var process = new ServerProcess(Servers.C, new ProcessStartInfo(server));
            Placement.RunOn(1);
            using var runspace = Module.Open();
            Measure(runspace, process.Port, 64, Seconds, spin: false); // a first run for the JIT
            Console.WriteLine($"One connection, 32 bytes, to the C server; client and server on a processor each; {rounds} rounds, alternating; medians");
            Console.WriteLine($"{"",-34}{"C client",20}{"Measure-EchoServer, ratios (min-max)",52}");
            var met = Compare("1 outstanding", runspace, process.Port, client, rounds, 1, spin: false, maxP50: 1.05, minRate: 0.95);
            met &= Compare("1 outstanding, -Spin", runspace, process.Port, client, rounds, 1, spin: true, maxP50: null, minRate: null);
            met &= Compare("64 outstanding", runspace, process.Port, client, rounds, 64, spin: false, maxP50: null, minRate: 0.9);
            met &= Minute(runspace, process.Port);
            return met ? 0 : 1;
        }
        finally
        {
            File.Delete(server);
            File.Delete(client);
        }
    }

    private static bool Compare(
        string name, Runspace runspace, int port, string client, int rounds, int inFlight, bool spin, double? maxP50, double? minRate)
    {
        var theirs = new List<(double Median, double Rate)> { RunC(client, port, inFlight) };
        var (medians, rates) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            var ours = Measure(runspace, port, inFlight, Seconds, spin);
            theirs.Add(RunC(client, port, inFlight));
            medians.Add(ours.Median / ((theirs[^1].Median + theirs[^2].Median) / 2));
            rates.Add(ours.Rate / ((theirs[^1].Rate + theirs[^2].Rate) / 2));
        }

        var met = !(Statistics.Median(medians) > maxP50) && !(Statistics.Median(rates) < minRate);
        var goal = (maxP50 is null ? "" : $", p50 at most {maxP50}") + (minRate is null ? "" : $", rate at least {minRate}");
        Console.WriteLine(
            $"{name,-34}{$"{Statistics.Median(theirs.Select(t => t.Median)):0.0} us, {Statistics.Median(theirs.Select(t => t.Rate)):N0}/s",20}" +
            $"   p50 {Statistics.Summary(medians)}   rate {Statistics.Summary(rates)}{goal}{(goal.Length == 0 ? "" : met ? ": met" : ": SHORT")}");
        return met;
    }

    private static bool Minute(Runspace runspace, int port)
    {
        var measuring = Task.Run(() => Measure(runspace, port, 64, MinuteSeconds, spin: false));
        var bytes = new List<long>();
        for (var part = 0; !measuring.Wait(TimeSpan.FromSeconds(MinuteSeconds / 10.0)); part++)
            bytes.Add(GC.GetTotalMemory(forceFullCollection: true));

        var growth = bytes[^1] - bytes[0];
        var flat = growth <= MaxGrowth;
        Console.WriteLine(
            $"{MinuteSeconds} s, {measuring.Result.Received:N0} messages: live memory from {bytes[0] / 1024:N0} to {bytes[^1] / 1024:N0} KiB, " +
            $"at most {bytes.Max() / 1024:N0} ({(flat ? "flat" : "GROWING")})");
        return flat;
    }

    // The median in microseconds.
    private static (double Median, double Rate, long Received) Measure(Runspace runspace, int port, int inFlight, double seconds, bool spin)
    {
        using var shell = PowerShell.Create(runspace);
        var result = shell.AddCommand("Measure-EchoServer").AddParameter("Port", port).AddParameter("InFlight", inFlight)
            .AddParameter("DurationSeconds", seconds).AddParameter("Spin", spin).AddParameter("WarmupCount", 1000)
            .Invoke().Single().Properties;
        return (1000 * (double)result["P50Milliseconds"].Value, (double)result["MessagesPerSecond"].Value, (long)result["Received"].Value);
    }

    private static (double Median, double Rate) RunC(string client, int port, int inFlight)
    {
        var start = new ProcessStartInfo(client, [$"{port}", $"{inFlight}", Seconds.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var figures = process.StandardOutput.ReadToEnd().Split(' ');
        process.WaitForExit();
        return process.ExitCode == 0
            ? (double.Parse(figures[0], CultureInfo.InvariantCulture), double.Parse(figures[1], CultureInfo.InvariantCulture))
            : throw new InvalidOperationException($"The C client ended with {process.ExitCode}.");
    }
}
