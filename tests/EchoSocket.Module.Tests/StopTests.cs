using System;
using System.Management.Automation;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>Ctrl+C and a pipeline that ends early leave nothing waiting and no connection behind.</summary>
public class StopTests
{
    [Fact]
    public void Stopping_a_server_that_waits_for_a_client_is_prompt_and_frees_the_port()
    {
        using var server = new BackgroundServer();

        server.Running.Stop();

        Assert.IsType<PipelineStoppedException>(server.Running.End(Bounded.Promptly).Ended);
        using var engine = new Engine();
        using var again = engine.Begin("Start-EchoServer -Port $args[0] -Verbose", server.Port);
        again.Until(r => r.Verbose.Count > 0);
    }

    [Fact]
    public void Stopping_a_server_with_a_silent_client_is_prompt_and_the_client_sees_FIN()
    {
        using var server = new BackgroundServer();
        using var client = Peers.Call(server.Port);
        client.Send("x"u8);
        client.ReadExactly(1);

        server.Running.Stop();

        server.Running.End(Bounded.Promptly);
        client.ReadEnd(); // a reset would throw
        using var engine = new Engine();
        using var again = engine.Begin("Start-EchoServer -Port $args[0] -Verbose", server.Port);
        again.Until(r => r.Verbose.Count > 0);
    }

    [Fact]
    public void Stopping_a_server_that_writes_verbose_messages_answers_all_that_had_come()
    {
        const int Size = 1_000_000; // more than one read takes
        using var server = new BackgroundServer();
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        server.Running.OnVerbose = () =>
        {
            entered.Set();
            leave.Wait(Bounded.Limit);
        };
        using var client = Peers.Call(server.Port);
        Assert.True(entered.Wait(Bounded.Limit));
        client.Send(new byte[Size]);
        client.Shutdown(SocketShutdown.Send);

        var stopping = Bounded.Start(server.Running.Stop);
        Bounded.Until(() => server.Running.IsStopping);
        leave.Set();

        client.ReadExactly(Size);
        client.ReadEnd(); // a reset would throw
        stopping.Get();
    }

    [Fact]
    public void Stopping_a_client_that_waits_for_a_reply_is_prompt_and_the_server_sees_FIN()
    {
        var received = new TaskCompletionSource();
        using var peer = new ScriptedServer(client =>
        {
            client.ReadExactly(2);
            received.SetResult();
            client.ReadEnd();
        });
        using var engine = new Engine();
        using var sending = engine.Begin("Send-EchoMessage hi -Port $args[0]", peer.Port);
        received.Task.Get();

        sending.Stop();

        Assert.IsType<PipelineStoppedException>(sending.End(Bounded.Promptly).Ended);
        peer.Done.Get(Bounded.Promptly);
    }

    [Theory]
    [InlineData("foreach ($once in 1) { 'a', 'b' | Send-EchoMessage -Port $args[0] | ForEach-Object { $_; break } }")]
    [InlineData("try { 'a', 'b' | Send-EchoMessage -Port $args[0] | ForEach-Object { $_; throw 'enough' } } catch { }")]
    public void A_pipeline_that_ends_early_closes_the_clients_connection(string script)
    {
        using var engine = new Engine();
        using var peer = new ScriptedServer(client =>
        {
            client.Send(client.ReadExactly(1));
            client.ReadEnd();
        });

        var result = engine.Run(script, peer.Port);

        Assert.Equal(["a"], result.Strings);
        peer.Done.Get(Bounded.Promptly);
    }

    [Fact]
    public void A_pipeline_that_ends_early_closes_the_server()
    {
        using var engine = new Engine();
        using var running = engine.Begin(
            "foreach ($once in 1) { Start-EchoServer -Port 0 -Verbose | ForEach-Object { break } }; 'went on'");
        running.Until(r => r.Verbose.Count > 0);
        var port = int.Parse(running.Verbose[0].Split(':')[1].TrimEnd('.'), System.Globalization.CultureInfo.InvariantCulture);
        Peers.Call(port).Close();

        Assert.Equal(["went on"], running.End().Strings);

        using var again = new Engine();
        Assert.Equal("ConnectionRefused", again.Terminating("Send-EchoMessage hi -Port $args[0]", port).Id());
    }

    [Fact]
    public void A_command_that_reads_the_verbose_messages_may_end_the_server()
    {
        using var engine = new Engine();
        using var running = engine.Begin("Start-EchoServer -Port 0 -Verbose 4>&1 | ForEach-Object { \"$_\"; if (\"$_\" -like '* sent *') { throw 'seen enough' } }");
        running.Until(r => r.Output.Count > 0);
        var port = int.Parse(((string)running.Output[0].BaseObject).Split(':')[1].TrimEnd('.'), System.Globalization.CultureInfo.InvariantCulture);
        using var client = Peers.Call(port);
        client.Send("x"u8);

        client.ReadEnd(); // FIN: the exception passed through the server, which closed the connection in an orderly way
        Assert.Contains("seen enough", running.End().Ended!.Message, StringComparison.Ordinal);
    }
}
