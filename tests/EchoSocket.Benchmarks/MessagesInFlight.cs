using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.InteropServices;

namespace EchoSocket.Benchmarks;

/// <summary>
/// Send-EchoMessage -InFlight 64 with 32-byte messages, alternating with cmdlets that write each message and do nothing else: one
/// with a single parameter, a mandatory string, and one with the parameters of Send-EchoMessage. All get the messages from the
/// same cmdlet and write to the same one.
/// </summary>
internal static class MessagesInFlight
{
    private const int InFlight = 64;
    private const int Count = 500_000;
    private const double MinRate = 500_000;
    private const double MinRatio = 0.9;
    private const int ThreadCpuClock = 3; // CLOCK_THREAD_CPUTIME_ID

    private static long s_processorTime;

    public static int Run(int rounds)
    {
        using var server = new ServerProcess(Servers.Ours);
        using var runspace = Module.Open(("Write-SameParameters", SameParameters.PassOn(Command("Send-EchoMessage"), "Message")));
        void Send(PowerShell shell) => shell.AddCommand("Send-EchoMessage").AddParameter("Port", server.Port).AddParameter("InFlight", InFlight);
        (string Name, Action<PowerShell> Add)[] contenders =
        [
            ("one parameter", shell => shell.AddCommand("Write-Same")),
            ("same parameters", shell => shell.AddCommand("Write-SameParameters").AddParameter("Port", server.Port).AddParameter("InFlight", InFlight)),
            ("Send-EchoMessage", Send),
            (".. both named", shell => { Send(shell); shell.AddParameter("ComputerName", "127.0.0.1"); }),
        ];

        foreach (var (_, add) in contenders)
            Measure(runspace, add); // a first turn for the JIT
        var results = contenders.Select(_ => new List<(double Rate, double Processor)>()).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < contenders.Length; i++)
                results[i].Add(Measure(runspace, contenders[i].Add));
        }

        Console.WriteLine($"{Count:N0} messages of 32 bytes, {InFlight} in flight; {rounds} rounds, alternating; medians");
        Console.WriteLine("                    messages/s   ratio to: one parameter     same parameters   ns of the pipeline's thread");
        for (var i = 0; i < contenders.Length; i++)
        {
            var processor = Statistics.Median([.. results[i].Select(r => r.Processor)]);
            Console.WriteLine($"{contenders[i].Name,-17} {Rate(i),12:N0} {Ratio(i, 0),27} {Ratio(i, 1),20} {processor,12:N0}");
        }

        var (rate, ratio) = (Rate(2), Statistics.Median([.. Ratios(2, 0)]));
        Console.WriteLine($"goals: {MinRate:N0} messages/s {(rate >= MinRate ? "met" : "SHORT")}, ratio to one parameter {MinRatio:0.0} {(ratio >= MinRatio ? "met" : "SHORT")}");
        return rate >= MinRate && ratio >= MinRatio ? 0 : 1;

        double Rate(int i) => Statistics.Median([.. results[i].Select(r => r.Rate)]);
        IEnumerable<double> Ratios(int i, int other) => results[i].Zip(results[other], (a, b) => a.Rate / b.Rate);
        string Ratio(int i, int other) => Statistics.Summary([.. Ratios(i, other)]);
    }

    private static (double Rate, double Processor) Measure(Runspace runspace, Action<PowerShell> add)
    {
        using var shell = PowerShell.Create(runspace);
        shell.AddCommand("Write-Sequence").AddParameter("Source", Timed(Enumerable.Repeat(Messages.Text, Count)));
        add(shell);
        shell.AddCommand("Measure-Count");
        var clock = Stopwatch.StartNew();
        if ((long)shell.Invoke().Single().BaseObject != Count)
            throw new InvalidOperationException("A reply is missing.");
        return (Count / clock.Elapsed.TotalSeconds, s_processorTime / (double)Count);
    }

    // The sequence is read on the pipeline's thread.
    private static IEnumerable<string> Timed(IEnumerable<string> messages)
    {
        var start = ThreadTime();
        foreach (var message in messages)
            yield return message;
        s_processorTime = ThreadTime() - start;
    }

    private static long ThreadTime()
    {
        var time = new long[2];
        return OperatingSystem.IsLinux() && ClockGetTime(ThreadCpuClock, time) == 0 ? (time[0] * 1_000_000_000) + time[1] : 0;
    }

    private static Type Command(string name)
    {
        using var runspace = Module.Open();
        using var shell = PowerShell.Create(runspace);
        return ((CmdletInfo)shell.AddCommand("Get-Command").AddArgument(name).Invoke().Single().BaseObject).ImplementingType;
    }

    [DllImport("libc", EntryPoint = "clock_gettime")]
    private static extern int ClockGetTime(int clock, long[] secondsAndNanoseconds);
}

/// <summary>Writes what it gets.</summary>
[Cmdlet(VerbsCommunications.Write, "Same")]
public sealed class WriteSameCommand : PSCmdlet
{
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public string Message { get; set; } = "";

    protected override void ProcessRecord() => WriteObject(Message);
}
