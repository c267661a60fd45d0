using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Management.Automation;

namespace EchoSocket.Benchmarks;

/// <summary>
/// Send-EchoMessage -InFlight 64 with 32-byte messages, alternating with a cmdlet that passes each message on: what the pipeline
/// itself costs. The result is the ratio of the rate to that of the bare pipeline just before and after it.
/// </summary>
internal static class MessagesInFlight
{
    private const int InFlight = 64;
    private const int Count = 500_000;
    private const double MinRate = 500_000;
    private const double MinRatio = 0.9;

    public static int Run(int rounds)
    {
        using var server = new ServerProcess(Servers.Ours);
        using var runspace = Module.Open();

        double Bare() => Rate(shell => shell.AddCommand("Write-Same"));
        double Sent() => Rate(shell => shell.AddCommand("Send-EchoMessage").AddParameter("Port", server.Port)
            .AddParameter("ComputerName", "127.0.0.1").AddParameter("InFlight", InFlight));
        double Rate(Action<PowerShell> add)
        {
            using var shell = PowerShell.Create(runspace);
            shell.AddCommand("Write-Sequence").AddParameter("Source", Enumerable.Repeat(Messages.Text, Count));
            add(shell);
            shell.AddCommand("Measure-Count");
            var clock = Stopwatch.StartNew();
            if ((long)shell.Invoke().Single().BaseObject != Count)
                throw new InvalidOperationException("A reply is missing.");
            return Count / clock.Elapsed.TotalSeconds;
        }

        Bare(); // a first turn for the JIT
        Sent();
        List<double> bare = [], sent = [], ratios = [];
        var before = Bare();
        for (var round = 0; round < rounds; round++)
        {
            sent.Add(Sent());
            bare.Add(Bare());
            ratios.Add(sent[^1] / ((before + bare[^1]) / 2));
            before = bare[^1];
        }

        var (rate, ratio) = (Statistics.Median(sent), Statistics.Median(ratios));
        Console.WriteLine($"{Count:N0} messages of 32 bytes, {InFlight} in flight; {rounds} rounds, alternating; medians");
        Console.WriteLine($"bare pipeline     {Statistics.Median(bare),12:N0} messages/s");
        Console.WriteLine($"Send-EchoMessage  {rate,12:N0} messages/s   goal {MinRate:N0} {(rate >= MinRate ? "met" : "SHORT")}");
        Console.WriteLine($"ratio             {Statistics.Summary(ratios),20}   goal {MinRatio:0.00} {(ratio >= MinRatio ? "met" : "SHORT")}");
        return rate >= MinRate && ratio >= MinRatio ? 0 : 1;
    }
}

/// <summary>Writes what it gets.</summary>
[Cmdlet(VerbsCommunications.Write, "Same")]
public sealed class WriteSameCommand : PSCmdlet
{
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public string Message { get; set; } = "";

    protected override void ProcessRecord() => WriteObject(Message);
}
