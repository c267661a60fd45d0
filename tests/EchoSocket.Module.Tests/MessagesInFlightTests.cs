using System;
using System.Linq;
using System.Management.Automation;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>Send-EchoMessage -InFlight: replies in order, errors with their messages, and a prompt end.</summary>
public class MessagesInFlightTests
{
    private const int MaxBytes = 1024 * 1024; // in flight

    [Theory]
    [InlineData("")]
    [InlineData("-Detailed")]
    public void As_many_messages_as_asked_for_are_outstanding(string detailed)
    {
        using var engine = new Engine();
        using var peer = new ScriptedServer(client =>
        {
            client.Send(client.ReadExactly(8)); // all of them before the first reply
            client.ReadEnd();
        });

        var result = engine.Run($"'m1', 'm2', 'm3', 'm4' | Send-EchoMessage -Port $args[0] -InFlight 4 {detailed} | ForEach-Object {{ if ($_ -is [string]) {{ $_ }} else {{ $_.Reply }} }}", peer.Port);

        Assert.Empty(result.Errors);
        Assert.Equal(["m1", "m2", "m3", "m4"], result.Strings);
        peer.Done.Get();
    }

    [Fact]
    public void A_full_window_waits_for_a_reply()
    {
        using var engine = new Engine();
        using var peer = new ScriptedServer(client =>
        {
            for (var i = 0; i < 3; i++)
            {
                client.ReadExactly(4);
                Assert.Equal(0, client.Available);
                client.Send("m.m."u8);
            }

            client.ReadEnd();
        });

        var result = engine.Run("1..6 | ForEach-Object { 'm.' } | Send-EchoMessage -Port $args[0] -InFlight 2", peer.Port);

        Assert.Equal(6, result.Strings.Length);
        peer.Done.Get();
    }

    [Fact]
    public void A_failure_names_its_message_and_those_lost_behind_it_and_the_next_one_gets_a_new_connection()
    {
        using var engine = new Engine();
        using var peer = new ScriptedServer(
            client =>
            {
                client.Send(client.ReadExactly(10));
                client.Send(client.ReadExactly(25)[..2]); // the window is full of messages without a reply, so the next one waits
            },
            client =>
            {
                client.Send(client.ReadExactly(4));
                client.ReadEnd();
            });

        var result = engine.Run(
            "'one..', 'two..', 'three', 'four.', 'five.', 'six..', 'seven', 'next' | Send-EchoMessage -Port $args[0] -InFlight 5 2>&1 |" +
            " ForEach-Object { if ($_ -is [string]) { $_ } else { \"$($_.FullyQualifiedErrorId -replace ',.*') $($_.TargetObject)\"; $problem = $_ } };" +
            " \"$problem\"",
            peer.Port);

        Assert.Equal(
            ["one..", "two..", "ConnectionClosedEarly three", "ReplyLost four.", "ReplyLost five.", "ReplyLost six..", "ReplyLost seven", "next"],
            result.Strings[..8]);
        Assert.Contains("(ConnectionClosedEarly). The server may have received the message.", result.Strings[8], StringComparison.Ordinal);
        peer.Done.Get();
    }

    [Fact]
    public void A_failure_stops_a_pipeline_that_asks_for_it_after_the_replies_before_it()
    {
        using var engine = new Engine();
        using var peer = new ScriptedServer(client => client.Send(client.ReadExactly(6)[..4]));

        var result = engine.Run(
            "$replies = [Collections.Generic.List[string]]::new(); try { 'm1', 'm2', 'm3' | Send-EchoMessage -Port $args[0] -InFlight 9 -ErrorAction Stop | ForEach-Object { $replies.Add($_) } } catch { $replies.Add($_.FullyQualifiedErrorId) }; $replies",
            peer.Port);

        Assert.Equal(["m1", "m2", "ConnectionClosedEarly,EchoSocket.Commands.SendEchoMessageCommand"], result.Strings);
        peer.Done.Get();
    }

    [Fact]
    public void Stopping_is_prompt_while_replies_are_outstanding_and_the_server_sees_FIN()
    {
        var received = new TaskCompletionSource();
        using var peer = new ScriptedServer(client =>
        {
            client.ReadExactly(6);
            received.SetResult();
            client.ReadEnd();
        });
        using var engine = new Engine();
        using var sending = engine.Begin("'m1', 'm2', 'm3', 'm4' | Send-EchoMessage -Port $args[0] -InFlight 3", peer.Port);
        received.Task.Get();

        sending.Stop();

        Assert.IsType<PipelineStoppedException>(sending.End(Bounded.Promptly).Ended);
        peer.Done.Get(Bounded.Promptly);
    }

    [Theory]
    [InlineData(2000)]
    [InlineData(400_000)]
    [InlineData(MaxBytes + 1)]
    public void Stopping_is_prompt_while_the_server_does_not_read(int size)
    {
        using var received = new ManualResetEventSlim();
        using var stopped = new ManualResetEventSlim();
        using var peer = new ScriptedServer(client =>
        {
            client.ReadExactly(1);
            received.Set();
            Assert.True(stopped.Wait(Bounded.Limit, TestContext.Current.CancellationToken));
        });
        using var engine = new Engine();
        using var sending = engine.Begin("$message = 'x' * $args[1]; 1..64 | ForEach-Object { $message } | Send-EchoMessage -Port $args[0] -InFlight 64", peer.Port, size);
        Assert.True(received.Wait(Bounded.Limit, TestContext.Current.CancellationToken));

        sending.Stop();

        Assert.IsType<PipelineStoppedException>(sending.End(Bounded.Promptly).Ended);
        stopped.Set();
        peer.Done.Get();
    }

    [Fact]
    public void A_long_path_delays_many_messages_little_more_than_one()
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();
        using var path = new LongPath(new IPEndPoint(IPAddress.Loopback, server.Port), TimeSpan.FromMilliseconds(20));
        using var sending = engine.Begin(
            "$count = 0; @('hello') * 100000 | Send-EchoMessage -Port $args[0] -InFlight 2048 | ForEach-Object { if ($_ -ceq 'HELLO') { $count++ } }; \"$count\"",
            path.EndPoint.Port);

        // One after another they would take over half an hour.
        Assert.Equal(["100000"], sending.End().Strings);
        path.Done.Get();
    }

    [Fact]
    public void A_pipeline_that_ends_early_closes_the_connection_at_once()
    {
        using var engine = new Engine();
        using var peer = new ScriptedServer(client =>
        {
            client.ReadExactly(3);
            client.Send("a"u8); // and no more
            client.ReadEnd();
        });

        Assert.Equal(
            ["a"],
            engine.Run("foreach ($once in 1) { 'a', 'b', 'c', 'd' | Send-EchoMessage -Port $args[0] -InFlight 3 | ForEach-Object { $_; break } }", peer.Port).Strings);
        peer.Done.Get(Bounded.Promptly);
    }

    [Fact]
    public void Replies_of_several_servers_come_in_the_order_of_the_messages()
    {
        using var engine = new Engine();
        using var first = new ScriptedServer(client =>
        {
            client.Send(client.ReadExactly(4));
            client.Send(client.ReadExactly(2));
            client.ReadEnd();
        });
        using var second = new ScriptedServer(client =>
        {
            client.Send(client.ReadExactly(2));
            client.ReadEnd();
        });

        var result = engine.Run(
            "$a, $b = $args; @(($a, 'm1'), ($a, 'm2'), ($b, 'm3'), ($a, 'm4')) | ForEach-Object { [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $_[0]; Message = $_[1] } } | Send-EchoMessage -InFlight 10",
            first.Port, second.Port);

        Assert.Empty(result.Errors);
        Assert.Equal(["m1", "m2", "m3", "m4"], result.Strings);
        first.Done.Get();
        second.Done.Get();
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(MaxBytes)]
    [InlineData(MaxBytes + 1)] // goes alone
    [InlineData(20 * MaxBytes)]
    public void Large_messages_go_between_small_ones_in_order(int size)
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();

        var result = engine.Run(
            "$big = 'x' * $args[1]; 1..20 | ForEach-Object { \"m$_\"; if ($_ % 5 -eq 0) { $big } } | Send-EchoMessage -Port $args[0] -InFlight 8 | ForEach-Object { if ($_.Length -lt 9) { $_ } else { \"$($_.Length)\" } }",
            server.Port, size);

        Assert.Empty(result.Errors);
        Assert.Equal(Enumerable.Range(1, 20).SelectMany(i => i % 5 == 0 ? new[] { $"M{i}", $"{size}" } : [$"M{i}"]), result.Strings);
    }

    [Fact]
    public void Bytes_can_be_in_flight_too_and_a_reply_that_is_no_text_is_an_error_of_its_message()
    {
        using var engine = new Engine();
        using var peer = new ScriptedServer(client =>
        {
            client.ReadExactly(6);
            client.Send([0xFF, 0xFE, 1, 2, (byte)'o', (byte)'k']);
            client.ReadEnd();
        });

        var result = engine.Run(
            "'hi', [byte[]](3, 4), 'ok' | Send-EchoMessage -Port $args[0] -AnyReply -InFlight 3 -Encoding ([Text.UTF8Encoding]::new($false, $true)) | ForEach-Object { \"$_\" }",
            peer.Port);

        Assert.Equal("DecodingFailed", result.Error.Id());
        Assert.Equal("hi", result.Error.TargetObject);
        Assert.Equal(["1 2", "ok"], result.Strings);
        peer.Done.Get();
    }

    [Fact]
    public void A_message_is_sent_and_its_round_trip_is_true_while_the_pipeline_makes_the_next_one()
    {
        using var engine = new Engine();
        var replied = new TaskCompletionSource();
        using var peer = new ScriptedServer(client =>
        {
            client.Send(client.ReadExactly(2));
            replied.SetResult();
            client.Send(client.ReadExactly(2));
            client.ReadEnd();
        });

        // The second message comes two seconds after the first one's reply.
        var result = engine.Run(
            "& { 'm1'; $null = $args[1].Wait(30000); Start-Sleep 2; 'm2' } $null $args[1] | Send-EchoMessage -Port $args[0] -InFlight 8 -Detailed | ForEach-Object RoundTripMilliseconds",
            peer.Port, replied.Task);

        Assert.InRange((double)result.Output[0].BaseObject, 0.001, 1000);
        peer.Done.Get();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65537)]
    public void The_number_is_checked(int inFlight)
    {
        using var engine = new Engine();
        Assert.Contains("InFlight", engine.Terminating($"Send-EchoMessage hi -Port 1 -InFlight {inFlight}").Exception.Message, StringComparison.Ordinal);
    }
}
