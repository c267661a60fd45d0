using System;
using System.Diagnostics;
using System.Linq;
using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>Test-EchoServer with many servers at once.</summary>
public sealed class TestManyServersTests : IDisposable
{
    private const int MaxPending = 1024;

    private readonly Engine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Fact]
    public void A_server_that_answers_late_delays_no_probe_but_the_results_keep_their_order()
    {
        using var served = new ManualResetEventSlim();
        using var late = new ScriptedServer(client =>
        {
            Assert.True(served.Wait(Bounded.Limit));
            Echo(client);
        });
        using var prompt = new ScriptedServer(client =>
        {
            Echo(client);
            served.Set();
        });

        var result = _engine.Run("(Test-EchoServer -Port $args[0], $args[1], 1 -TimeoutSeconds 30 -Detailed).ForEach({ \"$($_.Port) $($_.Success)\" })", late.Port, prompt.Port);

        Assert.Equal([$"{late.Port} True", $"{prompt.Port} True", "1 False"], result.Strings);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void No_more_than_the_limit_are_probed_at_once(int limit)
    {
        const int Rounds = 4;
        var (active, most) = (0, 0);
        using var together = new Barrier(limit); // passes only if as many as the limit are probed at once
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Listen(100);
        var serving = Enumerable.Range(0, limit * Rounds).Select(_ => Bounded.Start(() =>
        {
            using var client = server.Accept();
            Peers.SetTimeouts(client);
            lock (together)
                most = Math.Max(most, ++active);
            Assert.True(together.SignalAndWait(Bounded.Limit));
            lock (together)
                active--;
            Echo(client);
        })).ToArray();

        var result = _engine.Run(
            $"Test-EchoServer (, '127.0.0.1' * {limit * Rounds}) $args[0] -TimeoutSeconds 30 -ThrottleLimit {limit}", ((IPEndPoint)server.LocalEndPoint!).Port);

        Task.WhenAll(serving).Get();
        Assert.Equal(limit, most);
        Assert.Equal(limit * Rounds, result.Output.Count(o => (bool)o.BaseObject));
    }

    [Fact]
    public void Two_hundred_dead_servers_take_seven_timeouts_and_not_two_hundred()
    {
        using var dead = Silent();
        var clock = Stopwatch.StartNew();

        var result = _engine.Run("Test-EchoServer (, '127.0.0.1' * 200) $args[0] -TimeoutSeconds 0.5", Port(dead));

        Assert.Equal(200, result.Output.Count(o => !(bool)o.BaseObject));
        Assert.InRange(clock.Elapsed.TotalSeconds, 3.4, 35); // one after another it would be 100
    }

    [Fact]
    public void Results_come_while_there_is_input_and_few_wait_for_it()
    {
        using var server = new BackgroundServer("-KeepListening");

        var result = _engine.Run(
            "$read = 0; $most = 0; " +
            "1..5000 | ForEach-Object { $read++; '127.0.0.1' } | Test-EchoServer -Port $args[0] | ForEach-Object { $written++; $most = [Math]::Max($most, $read - $written) }; " +
            "$written; $most",
            server.Port);

        Assert.Equal(5000, result.Output[0].BaseObject);
        Assert.InRange((int)result.Output[1].BaseObject, 0, MaxPending);
    }

    [Fact]
    public void One_at_a_time_each_result_comes_before_the_next_input()
    {
        using var server = new BackgroundServer("-KeepListening");

        var result = _engine.Run(
            "$port = $args[0]; 1..20 | ForEach-Object -PipelineVariable row { [pscustomobject]@{ Server = '127.0.0.1'; Port = $port; Number = $_ } } |" +
            "Test-EchoServer -ThrottleLimit 1 | ForEach-Object { $row.Number }",
            server.Port);

        Assert.Equal(Enumerable.Range(1, 20), result.Output.Select(o => (int)o.BaseObject));
    }

    [Fact]
    public void A_pipeline_that_has_enough_ends_the_other_probes()
    {
        using var server = new BackgroundServer("-KeepListening");
        using var dead = Silent();

        // The input has no end, and each of the other probes would take an hour.
        using var running = _engine.Begin(
            "try { & { [pscustomobject]@{ Server = '127.0.0.1'; Port = $args[0] }; while ($true) { [pscustomobject]@{ Server = '127.0.0.1'; Port = $args[1] } } } @args |" +
            "Test-EchoServer -TimeoutSeconds 3600 | ForEach-Object { $_; throw 'enough' } } catch { }",
            server.Port, Port(dead));

        Assert.Equal([true], running.End().Output.Select(o => o.BaseObject));
        AssertClosed(dead);
    }

    [Fact]
    public void Stopping_ends_all_probes_at_once()
    {
        using var dead = Silent();
        using var running = _engine.Begin("Test-EchoServer (, '127.0.0.1' * 10000) $args[0] -TimeoutSeconds 3600", Port(dead));
        using var first = Bounded.Start(dead.Accept).Get();

        running.Stop();

        Assert.IsType<PipelineStoppedException>(running.End(Bounded.Promptly).Ended);
        AssertClosed(dead);
    }

    [Fact]
    public void An_error_in_the_pipeline_ends_all_probes()
    {
        using var dead = Silent();
        using var running = _engine.Begin(
            "1..10 | ForEach-Object { if ($_ -eq 9) { throw 'enough' } '127.0.0.1' } | Test-EchoServer -Port $args[0] -TimeoutSeconds 3600", Port(dead));

        Assert.Contains("enough", running.End().Ended!.Message, StringComparison.Ordinal);
        AssertClosed(dead);
    }

    [Theory]
    [InlineData("Test-EchoServer (, '127.0.0.1' * 20) $args[0], $args[0]", " of 40 paths", true)]
    [InlineData("1..40 | ForEach-Object { '127.0.0.1' } | Test-EchoServer -Port $args[0]", " of 40 paths", true)] // the input has ended
    [InlineData("foreach ($once in 1) { 1..1100 | ForEach-Object { '127.0.0.1' } | Test-EchoServer -Port $args[0] | ForEach-Object { break } }", " paths", false)]
    public void Progress_is_shown_and_its_end_where_it_is_known(string script, string says, bool ends)
    {
        using var dead = Silent();

        var progress = _engine.Run(script.Replace("Test-EchoServer", "Test-EchoServer -TimeoutSeconds 0.8 -ThrottleLimit 20", StringComparison.Ordinal), Port(dead)).Progress;

        Assert.EndsWith(says, progress[0].StatusDescription, StringComparison.Ordinal);
        Assert.Equal(ends, progress[0].PercentComplete >= 0);
        Assert.Equal(ends, progress[^1].RecordType == ProgressRecordType.Completed);
        Assert.All(progress, p => Assert.InRange(p.PercentComplete, -1, 100));
    }

    [Fact]
    public void A_quick_test_shows_no_progress()
    {
        using var server = new BackgroundServer("-KeepListening");

        Assert.Empty(_engine.Run("Test-EchoServer 127.0.0.1 $args[0]", server.Port).Progress);
    }

    private static void Echo(Socket client)
    {
        client.Send(client.ReadExactly(64));
        client.ReadEnd();
    }

    // The system accepts its clients, and nothing ever answers them.
    private static Socket Silent()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(2000);
        return listener;
    }

    private static int Port(Socket listener) => ((IPEndPoint)listener.LocalEndPoint!).Port;

    // Every client that the listener has got has closed its connection.
    private static void AssertClosed(Socket listener)
    {
        while (listener.Poll(0, SelectMode.SelectRead))
        {
            using var client = listener.Accept();
            Peers.SetTimeouts(client);
            SocketError error;
            while (client.Receive(new byte[64], 0, 64, SocketFlags.None, out error) > 0)
            {
            }

            Assert.Contains(error, new[] { SocketError.Success, SocketError.ConnectionReset });
        }
    }
}
