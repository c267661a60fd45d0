using System;
using System.Linq;
using System.Management.Automation;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Module.Tests;

public class TestEchoServerTests
{
    [Fact]
    public void It_writes_a_bool_for_each_server_and_no_error()
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();

        var result = engine.Run("$ErrorActionPreference = 'Stop'; Test-EchoServer 127.0.0.1, no-such-host.invalid $args[0]; Test-EchoServer -Port 1", server.Port);

        Assert.Null(result.Ended);
        Assert.Empty(result.Errors);
        Assert.Equal([true, false, false], result.Output.Select(o => (bool)o.BaseObject));
    }

    [Fact]
    public void Detailed_tells_the_stage_and_the_reason()
    {
        using var engine = new Engine();

        var report = engine.Run("Test-EchoServer -Port 1 -Detailed").Output.Single();

        Assert.Equal("EchoSocket.EchoPathReport", report.TypeNames[0]);
        Assert.Equal("Connect", $"{report.Properties["FailedStage"].Value}");
        Assert.Equal("refused", report.Properties["Reason"].Value);
        Assert.Equal("127.0.0.1", report.Properties["ComputerName"].Value);
    }

    [Fact]
    public void Servers_come_by_name_by_property_and_as_jobs()
    {
        using var engine = new Engine();

        var result = engine.Run(
            """
            $server = Start-EchoServer -KeepListening -AsJob -Port 0
            $server | Test-EchoServer
            'localhost', '127.0.0.1' | Test-EchoServer -Port $server.Port
            [pscustomobject]@{ HostName = 'localhost'; Port = $server.Port } | Test-EchoServer
            Remove-Job $server -Force
            """);

        Assert.Equal([true, true, true, true], result.Output.Select(o => (bool)o.BaseObject));
    }

    [Fact]
    public void Stopping_is_prompt_and_closes_the_connection()
    {
        var received = new TaskCompletionSource();
        using var peer = new ScriptedServer(client =>
        {
            client.ReadExactly(64);
            received.SetResult();
            client.ReadEnd();
        });
        using var engine = new Engine();
        using var running = engine.Begin("Test-EchoServer -Port $args[0] -TimeoutSeconds 100", peer.Port);
        received.Task.Get();

        running.Stop();

        Assert.IsType<PipelineStoppedException>(running.End(Bounded.Promptly).Ended);
        peer.Done.Get(Bounded.Promptly);
    }

    [Theory]
    [InlineData("-Port 0")]
    [InlineData("-TimeoutSeconds 0")]
    [InlineData("-ComputerName ''")]
    public void Bad_input_is_refused(string parameters)
    {
        using var engine = new Engine();

        Assert.Contains(parameters.Split(' ')[0][1..], engine.Terminating($"Test-EchoServer {parameters}").Exception.Message, StringComparison.Ordinal);
    }
}
