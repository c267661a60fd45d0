using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Module.Tests;

public class JobTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)] // the subscriber of the warnings throws, too
    public void A_subscriber_that_throws_is_reported_once_and_the_server_continues(bool again)
    {
        using var engine = new Engine();
        var job = (Job)engine.Run("$server = Start-EchoServer -KeepListening -AsJob -Port 0; $server").Output.Single().BaseObject;
        var calls = 0;
        job.Output.DataAdded += (_, _) => throw new InvalidOperationException($"the subscriber's own, {Interlocked.Increment(ref calls)}");
        if (again)
            job.Warning.DataAdded += (_, _) => throw new InvalidOperationException("another's own");

        var result = engine.Run(
            """
            1..3 | ForEach-Object { $server | Send-EchoMessage -Message hi }
            while ($server.Output.Count -lt 3) { }
            "$($server.State)"
            Stop-Job $server
            @(Receive-Job $server -WarningVariable warned -ErrorVariable failed 3>$null).Count
            "$($server.State)"
            "$failed"
            @($warned).Count
            "$warned"
            """);

        Assert.Equal(["HI", "HI", "HI", "Running", "3", "Stopped", "", "1"], result.Output.Select(o => $"{o}").SkipLast(1));
        Assert.Contains("the subscriber's own, 1", $"{result.Output[^1]}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)] // another thread than that of the job
    public void A_subscriber_of_the_results_can_stop_the_job(int threads)
    {
        using var engine = new Engine();
        var job = (Job)engine.Run($"Start-EchoServer -KeepListening -ThreadCount {threads} -AsJob -Port 0").Output.Single().BaseObject;
        job.Output.DataAdded += (_, _) => job.StopJob();

        Peers.Call((int)engine.Run("(Get-Job).Port").Output.Single().BaseObject).Close();

        Bounded.Until(() => job.JobStateInfo.State == JobState.Stopped);
    }

    [Fact]
    public void Receive_Job_can_wait_for_a_job_and_remove_it()
    {
        using var engine = new Engine();
        using var running = engine.Begin(
            "$server = Start-EchoServer -AsJob -Port 0; $server.Port; $server | Receive-Job -Wait -AutoRemoveJob | ForEach-Object { \"$($_.EndReason)\" }; @(Get-Job).Count");
        running.Until(r => r.Output.Count == 1);
        Peers.Call((int)running.Output[0].BaseObject).Close();

        Assert.Equal(["PeerClosed", "0"], running.End().Output.Skip(1).Select(o => $"{o}"));
    }

    [Fact]
    public void A_job_that_has_ended_can_be_removed_during_its_state_event()
    {
        using var engine = new Engine();
        var result = engine.Run("$server = Start-EchoServer -AsJob -Port 0; $server; $server.Port");
        var job = (Job)result.Output[0].BaseObject;
        var removed = new TaskCompletionSource<bool>();
        job.StateChanged += (_, _) =>
        {
            var removing = Bounded.Start(job.Dispose);
            removed.TrySetResult(removing.Wait(Bounded.Limit));
        };

        Peers.Call((int)result.Output[1].BaseObject).Close();

        Assert.True(removed.Task.Get());
    }

    [Fact]
    public void A_job_that_is_stopped_can_be_removed_during_any_of_its_state_events()
    {
        using var engine = new Engine();
        var job = (Job)engine.Run("$server = Start-EchoServer -KeepListening -AsJob -Port 0; $server").Output[0].BaseObject;
        var removed = true;
        job.StateChanged += (_, _) => removed &= Bounded.Start(job.Dispose).Wait(Bounded.Limit);

        Bounded.Start(job.StopJob).Get(2 * Bounded.Limit);

        Assert.True(removed);
    }

    [Fact]
    public void Stopping_a_job_that_is_about_to_end_leaves_it_ended()
    {
        using var engine = new Engine();
        for (var i = 0; i < 50; i++)
        {
            var job = (Job)engine.Run("Start-EchoServer -AsJob -Port 0").Output.Single().BaseObject;
            Peers.Call((int)engine.Run("(Get-Job)[-1].Port").Output.Single().BaseObject).Close();
            job.StopJob();

            Assert.Matches("^(Completed|Stopped)$", $"{job.JobStateInfo.State}");
            engine.Run("Get-Job | Remove-Job -Force");
        }
    }

    [Fact]
    public void The_warnings_of_a_job_come_with_Receive_Job()
    {
        using var engine = new Engine();
        var job = engine.Run("$server = Start-EchoServer -AsJob -Port 0; $server").Output.Single().BaseObject;
        job.GetType().GetInterface("IServerOutput")!.GetMethod("WriteWarning")!.Invoke(job, ["careful"]);

        var result = engine.Run("\"$($server.HasMoreData)\"; Receive-Job $server -WarningVariable warned 3>$null; \"$warned\"; Remove-Job $server -Force");

        Assert.Equal(["True", "careful"], result.Strings);
    }

    [Fact]
    public void Stopping_a_job_closes_its_connections_with_FIN_within_two_seconds()
    {
        using var engine = new Engine();
        var job = engine.Run("$server = Start-EchoServer -KeepListening -AsJob -Port 0 -Backlog 4096; $server").Output.Single();
        var clients = Enumerable.Range(0, 1000).Select(_ => Peers.Call((int)job.Properties["Port"].Value)).ToList();
        foreach (var client in clients)
        {
            client.Send("x"u8);
            client.ReadExactly(1);
        }

        using var stopping = engine.Begin("Stop-Job $server; $server.State; $server.ActiveConnections; (Receive-Job $server).Count");
        var result = stopping.End(TimeSpan.FromSeconds(2));

        Assert.Equal(["Stopped", "0", "1000"], result.Output.Select(o => $"{o}"));
        foreach (var client in clients)
        {
            client.ReadEnd();
            client.Dispose();
        }
    }

    [Theory]
    [InlineData("Remove-Job $server -Force")]
    [InlineData("Remove-Module EchoSocket")]
    [InlineData(null)] // the session ends
    public void Removing_the_job_or_the_module_or_the_session_leaves_no_port_and_no_thread_behind(string? removal)
    {
        foreach (var form in new[] { "-KeepListening", "" })
        {
            using var engine = new Engine();
            var port = (int)engine.Run($"$server = Start-EchoServer {form} -AsJob -Port 0; $server.Port").Output.Single().BaseObject;
            using var client = Peers.Call(port);
            client.Send("x"u8);
            client.ReadExactly(1);
            Assert.Equal(OperatingSystem.IsLinux(), Threads().Contains($"Echo {port}"));

            if (removal is null)
                engine.Dispose();
            else
                Assert.Empty(engine.Run(removal).Errors);

            client.ReadEnd();
            using var other = new Engine();
            Assert.Equal("ConnectionRefused", other.Terminating("Send-EchoMessage hi -Port $args[0]", port).Id());
            Bounded.Until(() => !Threads().Contains($"Echo {port}"));
        }
    }

    [Theory]
    [InlineData("Remove-Module EchoSocket")]
    [InlineData(null)] // the session ends
    public void However_many_servers_end_with_the_module_or_the_session_they_stop_at_the_same_time(string? removal)
    {
        const int Servers = 20;
        using var engine = new Engine();
        var clients = engine.Run($"1..{Servers} | ForEach-Object {{ (Start-EchoServer -KeepListening -AsJob -Port 0).Port }}")
            .Output.Select(port => Peers.Call((int)port.BaseObject)).ToList();
        foreach (var client in clients)
        {
            client.Send("x"u8);
            client.ReadExactly(1); // it does not close, so stopping its server takes half a second
        }

        var clock = Stopwatch.StartNew();
        if (removal is null)
            engine.Dispose();
        else
            Assert.Empty(engine.Run(removal).Errors);

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(0.5 * Servers / 2));
        foreach (var client in clients)
        {
            client.ReadEnd();
            client.Dispose();
        }
    }

    // The names of this process's threads, where the system tells them.
    private static string[] Threads() => OperatingSystem.IsLinux()
        ? [.. Directory.GetDirectories("/proc/self/task").Select(Name)]
        : [];

    private static string Name(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).TrimEnd();
        }
        catch (IOException)
        {
            return ""; // it has just ended
        }
    }

    [Fact]
    public void Removing_the_module_from_one_session_leaves_anothers_servers_alone()
    {
        using var one = new Engine();
        using var two = new Engine();
        var port = one.Run("($server = Start-EchoServer -KeepListening -AsJob -Port 0).Port").Output.Single().BaseObject;

        two.Run("Remove-Module EchoSocket");

        Assert.Equal(["HI"], one.Run("Send-EchoMessage hi -Port $args[0]", port).Strings);
    }

    [Fact]
    public void Results_that_are_not_received_are_bounded_and_the_dropped_ones_are_counted()
    {
        using var engine = new Engine();
        var job = engine.Run("$server = Start-EchoServer -KeepListening -AsJob -Port 0 -ConnectionCount 10100 -Backlog 4096 -Verbose 4>$null; $server").Output.Single();
        var port = (int)job.Properties["Port"].Value;
        for (var i = 0; i < 10_100; i++)
            Peers.Call(port).Close();

        var result = engine.Run("$null = Wait-Job $server; $server.TotalConnections; $server.Dropped; $server.Verbose.Count; (Receive-Job $server).Count; \"$($server.State)\"");

        // Each client also causes two verbose messages: one when it connects, one when it ends.
        Assert.Equal(["10100", $"{100 + 10_200}", "10000", "10000", "Completed"], result.Output.Select(o => $"{o}"));
    }
}
