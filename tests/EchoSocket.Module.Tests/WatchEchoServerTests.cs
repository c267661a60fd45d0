using System;
using System.Linq;
using System.Management.Automation;
using System.Net.Sockets;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Module.Tests;

public class WatchEchoServerTests
{
    private const string Server = "$server = Start-EchoServer -KeepListening -AsJob -Port 0;";
    private const string Fast = "-IntervalSeconds 0.02 -TimeoutSeconds 30";

    [Fact]
    public void Each_probe_is_written_as_it_happens()
    {
        using var engine = new Engine();
        using var watching = engine.Begin($"{Server} $server | Watch-EchoServer -IntervalSeconds 3600");

        watching.Until(w => w.Output.Count == 1); // the next one is an hour away

        Assert.Equal("EchoSocket.EchoProbe", watching.Output[0].TypeNames[0]);
        Assert.Equal(true, watching.Output[0].Properties["Success"].Value);
        watching.Stop();
    }

    [Fact]
    public void All_servers_of_the_pipeline_are_watched_at_once_and_a_wrong_row_is_only_an_error()
    {
        using var engine = new Engine();

        var result = engine.Run(
            Server + "$down = [pscustomobject]@{ HostName = '127.0.0.1'; Port = 1 }; $wrong = [pscustomobject]@{ Computer = 'a'; Port = 1 }" +
            $"\n$server, $down, $wrong | Watch-EchoServer {Fast} -Count 2 | ForEach-Object {{ \"$($_.Port -eq 1) $($_.Success) $($_.Reason)\" }}");

        Assert.Equal(["False True ", "False True ", "True False refused", "True False refused"], result.Strings.Order());
        Assert.Single(result.Errors);
    }

    [Fact]
    public void Without_a_valid_server_nothing_is_watched()
    {
        using var engine = new Engine();

        var result = engine.Run("[pscustomobject]@{ Computer = 'a'; Port = 1 } | Watch-EchoServer");

        Assert.Empty(result.Output);
        Assert.Single(result.Errors);
    }

    [Fact]
    public void Stopping_is_prompt_shows_the_summary_and_leaves_no_connection()
    {
        var received = new TaskCompletionSource();
        using var peer = new ScriptedServer(client =>
        {
            client.Send(client.ReadExactly(64));
            client.ReadExactly(64);
            received.SetResult();
            client.ReadEnd(); // no second reply
        });
        var host = new ScriptedHost { Width = 200 };
        using var engine = new Engine(host);
        using var watching = engine.Begin($"Watch-EchoServer 127.0.0.1, 127.0.0.2 $args[0] {Fast} -Outages", peer.Port);
        received.Task.Get();

        watching.Stop();

        Assert.IsType<PipelineStoppedException>(watching.End(Bounded.Promptly).Ended);
        peer.Done.Get(Bounded.Promptly);
        Assert.Empty(watching.Output);
        Assert.Contains($"\n127.0.0.1, port {peer.Port}: 1 probe in ", host.Text, StringComparison.Ordinal);
        Assert.Contains($"\n127.0.0.2, port {peer.Port}: ", host.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void At_the_end_the_summary_is_shown_at_the_terminal_and_not_written()
    {
        var host = new ScriptedHost { Width = 200 };
        using var engine = new Engine(host);

        var result = engine.Run($"{Server} $server | Watch-EchoServer {Fast} -Count 3; Watch-EchoServer -Port 1 -Count 2 {Fast}");

        Assert.Equal([true, true, true, false, false], result.Output.Select(o => o.Properties["Success"].Value));
        Assert.Matches(
            @"^\n127\.0\.0\.1, port \d+: 3 probes in [\d.]+ ms, 0 lost \(0\.0 %\), 0 outages, availability 100\.0 %\n" +
            @"  min \S+ .s  mean \S+ .s  p50 \S+ .s  p99 \S+ .s  max \S+ .s  jitter \S+ .s\n" +
            @"\n127\.0\.0\.1, port 1: 2 probes in [\d.]+ ms, 2 lost \(100\.0 %\), 1 outage, longest [\d.]+ ms, availability 0\.0 %\n" +
            @"  in an outage since \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ: Connect: refused\n$",
            host.Text);
    }

    [Fact]
    public void Without_a_terminal_the_summary_goes_to_the_verbose_stream()
    {
        using var engine = new Engine();

        var result = engine.Run($"Watch-EchoServer -Port 1 -Count 2 {Fast} -Verbose");

        Assert.Equal(2, result.Output.Count);
        Assert.Contains("127.0.0.1, port 1: an outage began. Connect: refused.", result.Verbose);
        Assert.Contains(result.Verbose, v => v.StartsWith("127.0.0.1, port 1: the outage is still open after ", StringComparison.Ordinal));
        Assert.Contains(result.Verbose, v => v.StartsWith("127.0.0.1, port 1: 2 probes in ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ForEach-Object { $_; if (++$global:seen -eq 2) { break } }")]
    [InlineData("ForEach-Object { $_; if (++$global:seen -eq 2) { throw 'enough' } }")]
    public void A_pipeline_that_ends_early_ends_the_watch(string next)
    {
        using var peer = new ScriptedServer(client =>
        {
            var buffer = new byte[64];
            while (client.Receive(buffer) is > 0 and var count)
                client.Send(buffer, count, SocketFlags.None);
        });
        using var engine = new Engine();

        var result = engine.Run($"foreach ($once in 1) {{ try {{ Watch-EchoServer -Port $args[0] {Fast} | {next} }} catch {{ \"$_\" }} }}", peer.Port);

        Assert.Equal(2, result.Output.Count(o => o.BaseObject is not string));
        Assert.Equal(next.Contains("throw", StringComparison.Ordinal) ? ["enough"] : [], result.Output.Select(o => o.BaseObject).OfType<string>());
        peer.Done.Get(Bounded.Promptly);
    }

    [Fact]
    public void A_slow_command_that_follows_delays_no_probe()
    {
        using var engine = new Engine();

        // The first probe is not let go until the server has had twenty.
        var result = engine.Run(
            Server + $"$server | Watch-EchoServer {Fast} -Count 30 | ForEach-Object {{" +
            "if (-not [Threading.SpinWait]::SpinUntil([Func[bool]] { $server.BytesReceived -ge 20 * 64 }, 30000)) { throw 'delayed' }; $_ }");

        Assert.Null(result.Ended);
        Assert.Equal(30, result.Output.Count);
    }

    [Fact]
    public void Of_results_that_no_command_takes_the_oldest_are_dropped_and_counted()
    {
        const int Capacity = 10_000;
        using var engine = new Engine();

        var result = engine.Run(
            "$queue = [Activator]::CreateInstance([EchoSocket.EchoProbe].Assembly.GetType('EchoSocket.WatchQueue'));" +
            "$flags = [Reflection.BindingFlags] 'Instance, Public'; $type = $queue.GetType();" +
            "$add = $type.GetMethod('Add', $flags); $take = $type.GetMethod('Take', $flags);" +
            $"foreach ($i in 1..{Capacity + 5}) {{ $null = $add.Invoke($queue, @([object] $i)) }};" +
            "$null = $type.GetMethod('Complete', $flags).Invoke($queue, @());" +
            "$items = $take.Invoke($queue, @([timespan]::FromHours(1)));" +
            "$items.Count; @($items)[0]; @($items)[-1]; $type.GetProperty('Dropped').GetValue($queue); $null -eq $take.Invoke($queue, @([timespan]::FromHours(1)))");

        Assert.Equal([Capacity, 6, Capacity + 5, 5L, true], result.Output.Select(o => o.BaseObject));
    }

    [Fact]
    public void A_summary_is_written_instead_of_the_probes()
    {
        var host = new ScriptedHost();
        using var engine = new Engine(host);

        var summary = Assert.Single(engine.Run($"{Server} $server | Watch-EchoServer {Fast} -Count 5 -Summary").Output);

        Assert.Equal((5L, 0L, 0.0, 100.0), (summary.Properties["Probes"].Value, summary.Properties["Lost"].Value, summary.Properties["LostPercent"].Value, summary.Properties["AvailabilityPercent"].Value));
        Assert.Equal("", host.Text);
    }

    [Fact]
    public void TCP_and_UDP_servers_of_one_pipeline_are_watched_each_in_its_way()
    {
        using var engine = new Engine();
        using var server = new DatagramServer(DatagramServer.Echo, DatagramServer.Lose, DatagramServer.Lose, DatagramServer.Echo);

        var result = engine.Run(
            Server + "$server, [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $args[0]; Udp = $true } |" +
            "Watch-EchoServer -IntervalSeconds 2 -TimeoutSeconds 2 -Count 4 | ForEach-Object { if ($_.Udp) { \"$($_.Success) $($_.Reason)\" } }", server.Port);

        Assert.Equal(["True ", "False timed out; no reply came", "False timed out; no reply came", "True "], result.Strings);
        server.Done.Get();
    }

    [Theory]
    [InlineData("Watch-EchoServer -Udp -UseTls", "ParameterConflict", "-UseTls is for TCP, and -Udp asks for UDP")]
    [InlineData("Watch-EchoServer -Outages -Summary", "ParameterConflict", "-Outages and -Summary")]
    [InlineData("Watch-EchoServer (1..1001 | ForEach-Object { \"host$_\" }) 7", "ParameterConflict", "at most 1,000 targets")]
    public void Contradictions_are_refused(string call, string id, string text)
    {
        using var engine = new Engine();

        var error = engine.Terminating(call);

        Assert.Equal(id, error.Id());
        Assert.Contains(text, error.Exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "", 0, true)]
    [InlineData(true, "| ForEach-Object { $_ }", 3, true)]
    [InlineData(false, "", 3, false)]
    public void A_live_display_needs_a_terminal_and_writes_objects_only_if_a_command_takes_them(bool isTerminal, string next, int objects, bool isDrawn)
    {
        var host = new ScriptedHost { Width = 60, IsTerminal = isTerminal };
        using var engine = new Engine(host);

        var result = engine.Run($"{Server} $server | Watch-EchoServer {Fast} -Count 3 -Live {next}");

        Assert.Equal(objects, result.Output.Count);
        Assert.Equal(isDrawn, host.Text.Contains("\r\x1b[J127.0.0.1:", StringComparison.Ordinal));
        Assert.Contains(" 3 probes in ", host.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_live_display_is_redrawn_while_a_slow_command_takes_the_results()
    {
        var host = new ScriptedHost { Width = 60, IsTerminal = true };
        using var engine = new Engine(host);
        var drawings = () => host.Text.Split("\x1b[J").Length - 1;

        // The first result waits until more wait in the queue. The second takes as long as 40 probes do, which is longer than from one
        // drawing to the next, so the display is drawn before the third.
        var result = engine.Run(
            Server + """
            $drawings = $args[0]
            function Wait-Probe($count) { $end = $server.BytesReceived + 64 * $count; while ($server.BytesReceived -lt $end) { [Threading.Thread]::Yield() | Out-Null } }
            $taken = 0
            do {
                $server | Watch-EchoServer -IntervalSeconds 0.01 -TimeoutSeconds 30 -Live | ForEach-Object {
                    $taken++
                    if ($taken -eq 1) { Wait-Probe 10 }
                    if ($taken -eq 2) { $drawings.Invoke(); Wait-Probe 40 }
                    if ($taken -eq 3) { $drawings.Invoke(); break }
                }
            } while ($false)
            """,
            drawings);

        Assert.Empty(result.Errors);
        var counts = result.Output.Select(o => (int)o.BaseObject).ToArray();
        Assert.True(counts[1] > counts[0], $"drawn {counts[0]} and {counts[1]} times");
    }
}
