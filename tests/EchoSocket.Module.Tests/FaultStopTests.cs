using System;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>Ctrl+C and Stop-Job in the middle of each fault: prompt, and the connection is told.</summary>
public class FaultStopTests
{
    public static TheoryData<string> Faults =>
    [
        "-Delay 600000", "-Throttle 1", "-Slice 1 -Delay 600000", "-HalfClose", "-Silence", "-Stall", "-FailHandshake", "-StallHandshake", "-WrongCertificate",
    ];

    private static string Tls(string fault) => fault.Contains("Handshake", StringComparison.Ordinal) || fault == "-WrongCertificate" ? "-UseTls" : "";

    [Theory]
    [MemberData(nameof(Faults))]
    public void Ctrl_C_ends_a_server_in_the_middle_of_a_fault(string fault)
    {
        foreach (var form in new[] { "", "-KeepListening" })
        {
            using var engine = new Engine();
            using var running = engine.Begin($"Start-EchoServer {form} -Port 0 -Verbose -Seed 1 {Tls(fault)} -Fault (New-EchoFault {fault})");
            running.Until(r => r.Verbose.Count > 0);
            using var client = Peers.Call(int.Parse(running.Verbose[0].Split(':')[1].TrimEnd('.'), CultureInfo.InvariantCulture));
            if (Tls(fault).Length == 0)
                client.Send("ab"u8);
            running.Until(r => r.Verbose.Any(v => v.EndsWith(" connected.", StringComparison.Ordinal)));

            Bounded.Start(running.Stop).Get();

            Assert.IsType<PipelineStoppedException>(running.End().Ended);
        }
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Stop_Job_ends_a_server_in_the_middle_of_a_fault(string fault)
    {
        using var engine = new Engine();
        var job = engine.Run($"$server = Start-EchoServer -KeepListening -AsJob -Port 0 {Tls(fault)} -Fault (New-EchoFault {fault}); $server").Output.Single();
        using var client = Peers.Call((int)job.Properties["Port"].Value);
        if (Tls(fault).Length == 0)
            client.Send("ab"u8);
        Bounded.Until(() => (int)job.Properties["ActiveConnections"].Value == 1);

        using var stopping = engine.Begin("Stop-Job $server; \"$($server.State)\"; $server.ActiveConnections; Receive-Job $server | ForEach-Object EndReason");
        Assert.Equal(["Stopped", "0", "Stopped"], stopping.End().Output.Select(o => $"{o}"));
    }
}
