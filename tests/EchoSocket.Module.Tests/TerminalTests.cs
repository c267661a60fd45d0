using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>What a server in the foreground says at the terminal. (Pester does the same in a real one.)</summary>
public sealed class TerminalTests : IDisposable
{
    private readonly ScriptedHost _host = new();
    private readonly Engine _engine;

    public TerminalTests() => _engine = new Engine(_host);

    public void Dispose() => _engine.Dispose();

    [Theory]
    [InlineData("", " for one client")]
    [InlineData("-KeepListening", "")]
    [InlineData("-KeepListening -ConnectionCount 1", " for 1 client")]
    [InlineData("-KeepListening -ConnectionCount 1000", " for 1,000 clients")]
    public void A_server_says_where_it_listens(string parameters, string clients)
    {
        using var running = _engine.Begin($"Start-EchoServer -Port 0 {parameters}");
        var port = Port();

        Assert.Equal($"Listening on 127.0.0.1:{port}{clients}. Press Ctrl+C to stop.\n", _host.Text);
        Peers.Call(port).Close();
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("-Seed 1", false)]
    public void A_server_with_faults_says_which_seed_it_has_chosen(string seed, bool says)
    {
        using var running = _engine.Begin($"Start-EchoServer -Port 0 -Fault (New-EchoFault -Corrupt -EveryBytes 3) {seed}");
        Peers.Call(Port()).Close();
        running.End();

        Assert.Equal(says, Regex.IsMatch(_host.Text, @"\nThe seed of the faults is (\d+)\. To repeat them, add -Seed \1\.\n"));
    }

    [Theory]
    [InlineData("Start-EchoServer -Port 0 -Verbose")]
    [InlineData("$VerbosePreference = 'Continue'; Start-EchoServer -Port 0")]
    public void It_is_not_said_twice_where_verbose_messages_say_it(string script)
    {
        using var running = _engine.Begin(script);
        Peers.Call(Port()).Close();
        running.End();

        Assert.Single(Regex.Matches(_host.Text, "Listening on"));
    }

    [Theory]
    [InlineData("$job = Start-EchoServer -Port 0 -AsJob; Remove-Job $job -Force")]
    [InlineData("Start-EchoServer -Port 0 -ConnectionCount 1 -KeepListening 6> $null", true)]
    public void It_is_not_said_for_a_job_nor_where_it_is_redirected(string script, bool foreground = false)
    {
        using var engine = new Engine();
        var port = (int)engine.Run("$job = Start-EchoServer -Port 0 -AsJob; $job.Port; Remove-Job $job -Force").Output.Single().BaseObject;
        using var running = _engine.Begin(script.Replace("-Port 0", $"-Port {port}", StringComparison.Ordinal));
        if (foreground)
            engine.Run("while (-not (Test-EchoServer -Port $args[0])) { }", port);
        running.End();

        Assert.Equal("", _host.Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-KeepListening")]
    public void On_Ctrl_C_it_says_how_the_connections_ended_that_the_pipeline_takes_no_more(string parameters)
    {
        using var running = _engine.Begin($"Start-EchoServer -Port 0 {parameters}");
        using var client = Client(Port());

        running.Stop();

        var said = _host.Text.Split('\n');
        Assert.Matches($"^{client.LocalEndPoint} ended after [0-9.]+ .?s: Stopped; received 3 bytes, sent 3 bytes\\.$", said[2]);
        Assert.Empty(running.End(Bounded.Promptly).Output);
    }

    [Fact]
    public void On_Ctrl_C_it_says_so_of_twenty_connections_and_counts_the_others()
    {
        using var running = _engine.Begin("Start-EchoServer -Port 0 -KeepListening");
        var port = Port();
        List<Socket> clients = [.. Enumerable.Range(0, 25).Select(_ => Client(port))];

        running.Stop();

        var said = _host.Text.TrimEnd().Split('\n');
        Assert.Equal(23, said.Length);
        Assert.Equal(20, said.Count(line => line.Contains(": Stopped; ", StringComparison.Ordinal)));
        Assert.Equal("5 more connections ended: 5 Stopped.", said[^1]);
        clients.ForEach(c => c.Dispose());
    }

    [Fact]
    public void On_Ctrl_C_it_says_nothing_where_no_connection_was_open()
    {
        using var running = _engine.Begin("Start-EchoServer -Port 0 -KeepListening");
        Client(Port()).Close();
        running.Until(r => r.Output.Count == 1);

        running.Stop();

        Assert.Single(_host.Text.TrimEnd().Split('\n'));
    }

    private int Port()
    {
        Match? listening = null;
        Bounded.Until(() => (listening = Regex.Match(_host.Text, @"Listening on 127\.0\.0\.1:(\d+)")).Success);
        return int.Parse(listening!.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    // A client that is being served.
    private static Socket Client(int port)
    {
        var client = Peers.Call(port);
        client.Send("abc"u8);
        Assert.Equal("ABC"u8.ToArray(), client.ReadExactly(3));
        return client;
    }
}
