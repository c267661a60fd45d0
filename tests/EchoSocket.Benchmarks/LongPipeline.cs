using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Management.Automation;

namespace EchoSocket.Benchmarks;

/// <summary>
/// Many messages through one Send-EchoMessage pipeline: its memory must not grow, nor its rate fall.
/// </summary>
internal static class LongPipeline
{
    private const int Parts = 10;
    private const long MaxGrowth = 1024 * 1024;
    private const double MinRateRatio = 0.7; // second half to first half; the noise of a machine is well within this

    public static int Run(int messages)
    {
        var marks = new List<(double Seconds, long Bytes)>();
        using (var server = new ServerProcess(Servers.Cmdlets))
        using (var runspace = Module.Open())
        using (var shell = PowerShell.Create(runspace))
            Module.Send(shell, server.Port, Feed(messages, marks));

        Console.WriteLine($"{messages:N0} messages of 32 bytes through one pipeline");
        Console.WriteLine($"{"after",12}{"round trips/s",16}{"live memory, KiB",18}");
        var rates = new double[Parts];
        for (var part = 0; part < Parts; part++)
        {
            rates[part] = messages / Parts / (marks[part + 1].Seconds - marks[part].Seconds);
            Console.WriteLine($"{(part + 1) * (messages / Parts),12:N0}{rates[part],16:N0}{marks[part + 1].Bytes / 1024,18:N0}");
        }

        var (first, second) = (Mean(rates[..5]), Mean(rates[5..]));
        var growth = marks[Parts].Bytes - marks[1].Bytes;
        var flat = growth <= MaxGrowth;
        var steady = second >= MinRateRatio * first;
        Console.WriteLine($"second half to first: {second / first:0.00} ({(steady ? "steady" : "SLOWER")}); memory grew by {growth / 1024:N0} KiB ({(flat ? "flat" : "GROWING")})");
        return flat && steady ? 0 : 1;
    }

    // Runs on the pipeline thread, so each mark is taken after the replies to all messages before it.
    private static IEnumerable<string> Feed(int messages, List<(double Seconds, long Bytes)> marks)
    {
        var clock = Stopwatch.StartNew();
        for (var sent = 0; sent < messages; sent++)
        {
            if (sent % (messages / Parts) == 0)
                Mark();
            yield return Messages.Text;
        }

        Mark();

        void Mark()
        {
            clock.Stop();
            marks.Add((clock.Elapsed.TotalSeconds, GC.GetTotalMemory(forceFullCollection: true)));
            clock.Start();
        }
    }

    private static double Mean(double[] values)
    {
        var sum = 0.0;
        foreach (var value in values)
            sum += value;
        return sum / values.Length;
    }
}
