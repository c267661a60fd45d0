using System;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace EchoSocket.Module.Tests;

public class StartEchoServerTests
{
    [Fact]
    public void A_server_returns_when_its_client_closes_and_writes_how_the_connection_ended()
    {
        using var server = new BackgroundServer();
        using var client = Peers.Call(server.Port);
        var name = client.LocalEndPoint!.ToString();
        client.Send("hello"u8);
        Assert.Equal("HELLO"u8.ToArray(), client.ReadExactly(5));

        client.Close();

        var connection = server.Running.End(Bounded.Promptly).Output.Single();
        Assert.Equal("EchoSocket.EchoConnection", connection.TypeNames[0]);
        Assert.Equal($"127.0.0.1:{server.Port}", connection.Properties["LocalEndPoint"].Value);
        Assert.Equal(name, connection.Properties["RemoteEndPoint"].Value);
        Assert.Equal(5L, connection.Properties["BytesReceived"].Value);
        Assert.Equal(5L, connection.Properties["BytesSent"].Value);
        Assert.Equal("PeerClosed", $"{connection.Properties["EndReason"].Value}");
    }

    [Fact]
    public void A_reset_is_a_normal_end_and_no_error()
    {
        using var server = new BackgroundServer();
        using var client = Peers.Call(server.Port);
        client.Send("hello"u8);
        client.ReadExactly(5);

        client.Reset();

        var result = server.Running.End(Bounded.Promptly);
        Assert.Equal("PeerReset", $"{result.Output.Single().Properties["EndReason"].Value}");
        Assert.Empty(result.Errors);
    }

    [Fact]
    public void A_client_that_half_closed_gets_its_whole_reply()
    {
        using var server = new BackgroundServer();
        using var client = Peers.Call(server.Port);
        client.Send("last words"u8);
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal("LAST WORDS"u8.ToArray(), client.ReadExactly(10));
        client.ReadEnd();
        Assert.Equal("PeerClosed", $"{server.Connection().Properties["EndReason"].Value}");
    }

    [Fact]
    public void Verbose_messages_report_each_event_as_it_happens()
    {
        using var server = new BackgroundServer();
        using var client = Peers.Call(server.Port);
        client.NoDelay = true;
        var name = client.LocalEndPoint!.ToString();
        Assert.Equal([$"Listening on 127.0.0.1:{server.Port}."], server.Running.Verbose.Take(1));

        server.Running.Until(r => r.Verbose.Count == 2);
        Assert.Equal($"{name} connected.", server.Running.Verbose[1]);

        client.Send("hi\r\n\t\e[31m\\\""u8);
        client.ReadExactly(12);
        server.Running.Until(r => r.Verbose.Count == 3);
        Assert.Equal($@"{name} sent 12 bytes: ""hi\r\n\t\u001B[31m\\\""""", server.Running.Verbose[2]);

        client.Close();
        var result = server.Running.End();
        Assert.Matches($"^{name} ended after [0-9.]+ [mµu]?s: PeerClosed; received 12 bytes, sent 12 bytes\\.$", result.Verbose[^1]);
    }

    [Fact]
    public void Verbose_shows_a_character_split_between_two_reads_once_it_is_whole()
    {
        using var server = new BackgroundServer();
        using var client = Peers.Call(server.Port);
        client.NoDelay = true;
        foreach (var b in Encoding.UTF8.GetBytes("ß😀"))
        {
            client.Send([b]);
            client.ReadExactly(1);
        }

        client.Close();

        var shown = server.Running.End().Verbose.Where(v => v.Contains("1 byte:", StringComparison.Ordinal)).Select(v => v[(v.LastIndexOf(':') + 2)..]);
        Assert.Equal(["\"\"", "\"ß\"", "\"\"", "\"\"", "\"\"", "\"😀\""], shown);
    }

    [Fact]
    public void Verbose_shortens_long_data()
    {
        using var server = new BackgroundServer();
        using var client = Peers.Call(server.Port);
        client.Send(Encoding.ASCII.GetBytes(new string('a', 1000)));
        client.ReadExactly(1000);
        client.Close();

        // TCP may split the message, but the text of each read is shortened.
        var shown = server.Running.End().Verbose.Where(v => v.Contains(" sent ", StringComparison.Ordinal) && v.Contains("aaa", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(shown);
        Assert.All(shown, v => Assert.InRange(v.Length, 1, 160));
        if (shown.Count == 1)
            Assert.EndsWith($" \"{new string('a', 72)}…\" (and 928 more)", shown[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Without_verbose_a_server_writes_no_messages()
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();
        using var client = Peers.Call(server.Port);
        client.Close();
        server.Connection();

        using var again = engine.Begin("Start-EchoServer -Port $args[0]", server.Port); // the port is free again at once
        using var caller = new Engine();
        var reply = caller.Run(
            "while ($true) { try { return Send-EchoMessage hi -Port $args[0] } catch { if ($_.FullyQualifiedErrorId -notlike 'ConnectionRefused*') { throw } } }",
            server.Port);
        Assert.Equal(["HI"], reply.Strings);
        Assert.Empty(again.End().Verbose);
    }

    [Fact]
    public void Strict_mode_and_stopping_at_errors_change_nothing()
    {
        using var engine = new Engine();
        using var server = engine.Begin("Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; Start-EchoServer -Port 0 -Verbose");
        server.Until(r => r.Verbose.Count > 0);
        var port = int.Parse(server.Verbose[0].Split(':')[1].TrimEnd('.'), System.Globalization.CultureInfo.InvariantCulture);
        using var client = Peers.Call(port);
        client.Reset();

        var result = server.End();
        Assert.Null(result.Ended);
        Assert.Single(result.Output);
    }
}
