using System;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Module.Tests;

public class EnterEchoSessionTests
{
    [Theory]
    [InlineData("exit")]
    [InlineData("EXIT ")]
    [InlineData(null)]
    public void It_prompts_skips_empty_lines_prints_replies_and_ends(string? last)
    {
        var host = new ScriptedHost("hello", "", " ", "héllo", last, "never read");
        using var engine = new Engine(host);
        using var server = new BackgroundServer();

        var result = engine.Run("Enter-EchoSession -Port $args[0]", server.Port);

        Assert.Null(result.Ended);
        Assert.Empty(result.Output);
        Assert.Equal(">>>: HELLO\n>>>: >>>:  \n>>>: HéLLO\n>>>: ", host.Text);
        Assert.Equal(12L, server.Connection().Properties["BytesReceived"].Value);
    }

    [Fact]
    public void Control_characters_of_a_reply_are_shown_and_not_obeyed()
    {
        var host = new ScriptedHost("hi");
        using var engine = new Engine(host);
        using var peer = new ScriptedServer(client =>
        {
            client.ReadExactly(2);
            client.Send([0x1B, 0x9B]); // ESC and, in latin1, its C1 form
            client.ReadEnd();
        });

        engine.Run("Enter-EchoSession -Port $args[0] -Encoding latin1 -AnyReply", peer.Port);

        Assert.Equal(">>>: \\u001B\\u009B\n>>>: ", host.Text);
    }

    [Fact]
    public void A_line_that_the_encoding_refuses_is_an_error_and_the_session_goes_on()
    {
        var host = new ScriptedHost("\uD800", "hi");
        using var engine = new Engine(host);
        using var server = new BackgroundServer();

        var result = engine.Run("Enter-EchoSession -Port $args[0] -Encoding ([Text.UTF8Encoding]::new($false, $true))", server.Port);

        Assert.Equal("EncodingFailed", result.Error.Id());
        Assert.Equal(">>>: >>>: HI\n>>>: ", host.Text);
    }

    [Fact]
    public void It_takes_a_server_from_the_pipeline()
    {
        var host = new ScriptedHost("hi", null);
        using var engine = new Engine(host);
        using var server = new BackgroundServer();

        engine.Run("[pscustomobject]@{ Port = $args[0] } | Enter-EchoSession", server.Port);

        Assert.StartsWith(">>>: HI\n", host.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_goes_away_ends_it_with_an_error()
    {
        var host = new ScriptedHost("hello", "again");
        using var engine = new Engine(host);
        using var peer = new ScriptedServer(client => client.Send(client.ReadExactly(5)[..1]));

        var error = engine.Terminating("Enter-EchoSession -Port $args[0]", peer.Port);

        Assert.Equal("ConnectionClosedEarly,EchoSocket.Commands.EnterEchoSessionCommand", error.FullyQualifiedErrorId);
        peer.Done.Get();
    }

    [Fact]
    public void Nobody_listening_is_an_error_before_the_first_prompt()
    {
        var host = new ScriptedHost("hello");
        using var engine = new Engine(host);

        Assert.Equal("ConnectionRefused", engine.Terminating("Enter-EchoSession -Port 1").Id());
        Assert.Equal("", host.Text);
    }

    [Fact]
    public void Without_anybody_to_prompt_it_says_so_and_closes_the_connection()
    {
        using var engine = new Engine(new ScriptedHost { HasUI = false });
        using var server = new BackgroundServer();

        Assert.Contains("does not support user interaction", engine.Terminating("Enter-EchoSession -Port $args[0]", server.Port).Exception.Message, StringComparison.Ordinal);
        Assert.Equal("PeerClosed", $"{server.Connection().Properties["EndReason"].Value}");
    }

    [Fact]
    public void Stopping_while_a_reply_is_awaited_ends_it()
    {
        var received = new TaskCompletionSource();
        using var engine = new Engine(new ScriptedHost("hello"));
        using var peer = new ScriptedServer(client =>
        {
            client.ReadExactly(5);
            received.SetResult();
            client.ReadEnd();
        });
        using var session = engine.Begin("Enter-EchoSession -Port $args[0]", peer.Port);
        received.Task.Get();

        session.Stop();

        session.End(Bounded.Promptly);
        peer.Done.Get(Bounded.Promptly);
    }

    [Fact]
    public void Stopping_at_the_prompt_closes_the_connection()
    {
        using var stopped = new ManualResetEventSlim();
        var host = new ScriptedHost("hello", ScriptedHost.WaitsForStop) { Stopped = stopped };
        using var engine = new Engine(host);
        using var server = new BackgroundServer();
        using var session = engine.Begin("Enter-EchoSession -Port $args[0]", server.Port);
        host.Waiting.Task.Get();

        var stopping = Bounded.Start(session.Stop);
        Assert.Equal("PeerClosed", $"{server.Connection().Properties["EndReason"].Value}"); // before the host gives the line up
        stopped.Set();

        stopping.Get();
        session.End(Bounded.Promptly);
    }
}
