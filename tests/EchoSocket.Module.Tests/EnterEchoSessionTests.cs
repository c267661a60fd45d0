using System;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Module.Tests;

public class EnterEchoSessionTests
{
    private const string EmptyLine = "An empty line is not sent: it puts nothing on the wire, so no reply would come.\n";

    [Theory]
    [InlineData("exit")]
    [InlineData("EXIT ")]
    [InlineData(null)]
    public void It_prompts_explains_empty_lines_prints_replies_and_ends(string? last)
    {
        var host = new ScriptedHost("hello", "", " ", "héllo", last, "never read");
        using var engine = new Engine(host);
        using var server = new BackgroundServer();

        var result = engine.Run("Enter-EchoSession -Port $args[0]", server.Port);

        Assert.Null(result.Ended);
        Assert.Empty(result.Output);
        Assert.Equal(Greeting(server.Port) + $">>>: HELLO\n>>>: {EmptyLine}>>>:  \n>>>: HéLLO\n>>>: ", host.Text);
        Assert.Equal(12L, server.Connection().Properties["BytesReceived"].Value);
    }

    [Fact]
    public void It_says_which_address_a_name_has()
    {
        var host = new ScriptedHost("exit");
        using var engine = new Engine(host);
        using var server = new BackgroundServer();

        engine.Run("Enter-EchoSession -ComputerName localhost -Port $args[0]", server.Port);

        Assert.Equal($"Connected to localhost:{server.Port} (127.0.0.1:{server.Port}). Type exit or press Ctrl+C to leave.\n>>>: ", host.Text);
    }

    [Theory]
    [InlineData("closes", "closed the connection while no message was outstanding")]
    [InlineData("resets", "reset the connection while no message was outstanding")]
    [InlineData("talks", @"after its reply to message 1 came ""bye\r\n""")]
    public void What_the_server_does_while_the_prompt_waits_is_shown_at_once_and_Enter_leaves(string does, string says)
    {
        var host = new ScriptedHost("hi", ScriptedHost.After("Press Enter to leave.\n", ""), "never read");
        using var engine = new Engine(host);
        using var peer = AtThePrompt(host, does);

        var result = engine.Run("Enter-EchoSession -Port $args[0]; 'went on'", peer.Port);

        Assert.Empty(result.Errors);
        Assert.Equal(["went on"], result.Strings);
        Assert.StartsWith(Greeting(peer.Port) + $">>>: hi\n>>>: \n127.0.0.1:{peer.Port} ", host.Text, StringComparison.Ordinal);
        Assert.Contains(says, host.Text, StringComparison.Ordinal);
        Assert.EndsWith("\nPress Enter to leave.\n", host.Text, StringComparison.Ordinal);
        peer.Done.Get();
    }

    [Theory]
    [InlineData("closes", "ConnectionClosedEarly")]
    [InlineData("resets", "ConnectionReset")]
    [InlineData("talks", "ReplyMismatch")]
    public void A_line_that_is_typed_to_a_server_that_has_gone_is_an_error(string does, string id)
    {
        var host = new ScriptedHost("hi", ScriptedHost.After("Press Enter to leave.\n", "a line"), "never read");
        using var engine = new Engine(host);
        using var peer = AtThePrompt(host, does);

        Assert.Equal(id, engine.Terminating("Enter-EchoSession -Port $args[0]", peer.Port).Id());
        peer.Done.Get();
    }

    [Fact]
    public void With_any_reply_the_server_may_talk_and_then_go_and_both_show()
    {
        var host = new ScriptedHost("hi", "more", ScriptedHost.After("Press Enter to leave.\n", ""));
        using var engine = new Engine(host);
        using var peer = new ScriptedServer(client =>
        {
            client.ReadExactly(2);
            client.Send("Hi, yo"u8);
            client.ReadExactly(4);
            Bounded.Until(() => host.Text.Contains(", yo", StringComparison.Ordinal));
        });

        engine.Run("Enter-EchoSession -Port $args[0] -AnyReply", peer.Port);

        Assert.StartsWith(Greeting(peer.Port) + ">>>: Hi\n>>>: , yo\n>>>: ", host.Text, StringComparison.Ordinal);
        peer.Done.Get();
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

        Assert.Equal(Greeting(peer.Port) + ">>>: \\u001B\\u009B\n>>>: ", host.Text);
    }

    [Fact]
    public void A_line_that_the_encoding_refuses_is_an_error_and_the_session_goes_on()
    {
        var host = new ScriptedHost("\uD800", "hi");
        using var engine = new Engine(host);
        using var server = new BackgroundServer();

        var result = engine.Run("Enter-EchoSession -Port $args[0] -Encoding ([Text.UTF8Encoding]::new($false, $true))", server.Port);

        Assert.Equal("EncodingFailed", result.Error.Id());
        Assert.Equal(Greeting(server.Port) + ">>>: >>>: HI\n>>>: ", host.Text);
    }

    [Fact]
    public void It_takes_a_server_from_the_pipeline()
    {
        var host = new ScriptedHost("hi", null);
        using var engine = new Engine(host);
        using var server = new BackgroundServer();

        engine.Run("[pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $args[0] } | Enter-EchoSession", server.Port);

        Assert.StartsWith(Greeting(server.Port) + ">>>: HI\n", host.Text, StringComparison.Ordinal);
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

    private static string Greeting(int port) => $"Connected to 127.0.0.1:{port}. Type exit or press Ctrl+C to leave.\n";

    // Answers a message, and when the next prompt is shown does something that is no reply.
    private static ScriptedServer AtThePrompt(ScriptedHost host, string does) => new(client =>
    {
        client.Send(client.ReadExactly(2));
        Bounded.Until(() => host.Text.EndsWith("hi\n>>>: ", StringComparison.Ordinal));
        if (does == "resets")
            client.Reset();
        else if (does == "talks")
            client.Send("bye\r\n"u8);
    });
}
