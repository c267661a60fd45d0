using System;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Net.Sockets;
using Xunit;

namespace EchoSocket.Module.Tests;

public class MeasureEchoServerTests
{
    private const string Server = "$server = Start-EchoServer -KeepListening -AsJob -Port 0;";

    [Fact]
    public void Servers_come_by_name_by_property_and_as_jobs_and_each_has_its_result()
    {
        using var engine = new Engine();

        var result = engine.Run(
            Server + """
            $server | Measure-EchoServer -Count 20
            Measure-EchoServer 127.0.0.1, localhost $server.Port -Count 20
            [pscustomobject]@{ HostName = 'localhost'; Port = $server.Port } | Measure-EchoServer -Count 20
            Remove-Job $server -Force
            """);

        Assert.Empty(result.Errors);
        Assert.Equal(["127.0.0.1", "127.0.0.1", "localhost", "localhost"], result.Output.Select(o => o.Properties["ComputerName"].Value));
        Assert.All(result.Output, o => Assert.Equal((20L, 20L, 0L), (o.Properties["Sent"].Value, o.Properties["Received"].Value, o.Properties["Lost"].Value)));
    }

    [Fact]
    public void Every_parameter_reaches_the_measurement()
    {
        using var engine = new Engine();

        var result = engine.Run(
            Server + """
            $server | Measure-EchoServer -Count 40 -MessageSize 100 -Connections 4 -InFlight 2 -Rate 1000 -WarmupCount 3 -Spin
            $server.BytesReceived
            $server | Measure-EchoServer -DurationSeconds 0.2 -OperationTimeoutSeconds 5 -ConnectionTimeoutSeconds 5
            Remove-Job $server -Force
            """);

        var statistics = result.Output[0];
        foreach (var (name, value) in new (string, object)[]
        {
            ("Connections", 4), ("InFlight", 2), ("MessageSize", 100), ("Rate", 1000.0), ("Spin", true), ("Sent", 40L), ("Received", 40L),
        })
        {
            Assert.Equal(value, statistics.Properties[name].Value);
        }

        Assert.Equal((40L + (4 * 3)) * 100, result.Output[1].BaseObject);
        Assert.InRange((TimeSpan)result.Output[2].Properties["Duration"].Value, TimeSpan.FromSeconds(0.2), Bounded.Limit);
    }

    [Fact]
    public void A_server_that_is_down_is_an_error_and_a_result_and_the_next_is_measured()
    {
        using var engine = new Engine();

        var result = engine.Run(
            Server + """
            [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = 1 }, [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $server.Port } |
                Measure-EchoServer -Count 5
            Remove-Job $server -Force
            """);

        Assert.Equal("ConnectionRefused", result.Error.Id());
        Assert.Equal("127.0.0.1:1", result.Error.TargetObject);
        Assert.Equal([0L, 5L], result.Output.Select(o => o.Properties["Received"].Value));
        Assert.Equal(1L, ((System.Collections.IDictionary)result.Output[0].Properties["Errors"].Value)["ConnectionRefused"]);
    }

    public static readonly TheoryData<string, Action<Socket>, string, ErrorCategory> Wrong = new()
    {
        { "silent", Peers.ReadEndAfter(32), "OperationTimeout", ErrorCategory.OperationTimeout },
        { "closes", client => client.Shutdown(SocketShutdown.Send), "ConnectionClosedEarly", ErrorCategory.ConnectionError },
        { "resets", client => { client.ReadExactly(32); client.Reset(); }, "ConnectionReset", ErrorCategory.ConnectionError },
        { "garbage", client => { client.ReadExactly(32); client.Send(new byte[32]); client.ReadEnd(); }, "ReplyMismatch", ErrorCategory.InvalidResult },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Each_way_to_be_wrong_has_its_error(string name, Action<Socket> script, string id, ErrorCategory category)
    {
        Assert.NotEmpty(name);
        using var peer = new ScriptedServer(client =>
        {
            script(client);
            if (id == "ConnectionClosedEarly")
                Assert.Equal(32, client.Receive(new byte[100]));
        });
        using var engine = new Engine();

        var result = engine.Run("Measure-EchoServer -Port $args[0] -WarmupCount 0 -OperationTimeoutSeconds $args[1]", peer.Port, id == "OperationTimeout" ? 0.2 : 20);

        Assert.Equal((id, category), (result.Error.Id(), result.Error.CategoryInfo.Category));
        var statistics = Assert.Single(result.Output);
        Assert.Equal((1L, 0L, 1L), (statistics.Properties["Sent"].Value, statistics.Properties["Received"].Value, statistics.Properties["Lost"].Value));
        Assert.Contains(result.Error.Exception.Message, (string)statistics.Properties["Detail"].Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_tells_the_share_and_the_figures_and_is_gone_at_the_end()
    {
        using var engine = new Engine();

        var records = engine.Run(Server + "$server | Measure-EchoServer -DurationSeconds 1; Remove-Job $server -Force").Progress;

        Assert.InRange(records.Count, 2, 40);
        Assert.Equal(ProgressRecordType.Completed, records[^1].RecordType);
        var during = records.Where(r => r.PercentComplete >= 0).ToList();
        Assert.NotEmpty(during);
        Assert.All(during, r => Assert.Matches(@"^[\d,]+ messages, [\d,]+/s, p50 [\d.]+ .s$", r.StatusDescription));
        Assert.All(records, r => Assert.StartsWith("Measuring 127.0.0.1, port ", r.Activity, StringComparison.Ordinal));
    }

    [Fact]
    public void Stopping_is_prompt_shows_what_was_measured_and_leaves_no_connection()
    {
        var host = new ScriptedHost();
        using var engine = new Engine(host);
        using var servers = new Engine();
        var server = servers.Run(Server + "$server").Output.Single();
        using var running = engine.Begin("Measure-EchoServer -Port $args[0] -DurationSeconds 1000 -Connections 3", server.Properties["Port"].Value);
        Bounded.Until(() => (long)server.Properties["BytesReceived"].Value > 10_000);

        running.Stop();

        Assert.IsType<PipelineStoppedException>(running.End(Bounded.Promptly).Ended);
        Bounded.Until(() => (int)server.Properties["ActiveConnections"].Value == 0);
        Assert.Contains("\nMessages ", host.Text, StringComparison.Ordinal);
        var ends = servers.Run("Stop-Job $args[0]; Receive-Job $args[0]; Remove-Job $args[0]", server).Output;
        Assert.Equal(["PeerClosed", "PeerClosed", "PeerClosed"], ends.Select(e => $"{e.Properties["EndReason"].Value}"));
    }

    [Fact]
    public void A_pipeline_that_ends_early_measures_no_further()
    {
        using var engine = new Engine();

        var result = engine.Run(
            Server + "foreach ($once in 1) { Measure-EchoServer 127.0.0.1, 127.0.0.1 $server.Port -Count 5 | ForEach-Object { $_; break } }; $server.TotalConnections; Remove-Job $server -Force");

        Assert.Equal(2, result.Output.Count);
        Assert.Equal(1L, result.Output[1].BaseObject);
    }

    [Fact]
    public void The_picture_has_all_results_and_its_path_is_the_sessions()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            using var engine = new Engine();
            var result = engine.Run(
                Server + "$ExecutionContext.SessionState.Path.SetLocation($args[0]) | Out-Null; Measure-EchoServer localhost, 127.0.0.1 $server.Port -Count 50 -AsSvg ./latency.svg; Remove-Job $server -Force",
                folder.FullName);

            Assert.Empty(result.Errors);
            Assert.Equal(2, result.Output.Count);
            var svg = System.Xml.Linq.XDocument.Load(Path.Combine(folder.FullName, "latency.svg"));
            Assert.Equal("svg", svg.Root!.Name.LocalName);
            Assert.Contains("localhost", svg.Root.Value, StringComparison.Ordinal);
            Assert.Contains("127.0.0.1", svg.Root.Value, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_picture_that_an_early_end_can_not_write_is_a_warning_of_the_host()
    {
        var host = new ScriptedHost();
        using var engine = new Engine(host);
        var folder = Directory.CreateTempSubdirectory();

        var result = engine.Run(
            Server + "$folder = $args[1]; foreach ($once in 1) { $server | Measure-EchoServer -Count 5 -AsSvg $args[0] | ForEach-Object { [IO.Directory]::Delete($folder); break } }; Remove-Job $server -Force",
            Path.Combine(folder.FullName, "latency.svg"), folder.FullName);

        Assert.Null(result.Ended);
        Assert.Empty(result.Errors);
        Assert.StartsWith($"WARNING: The picture '{folder.FullName}", host.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-Count 0")]
    [InlineData("-DurationSeconds 0")]
    [InlineData("-MessageSize 0")]
    [InlineData("-Connections 0")]
    [InlineData("-InFlight 10001")]
    [InlineData("-Rate 0")]
    [InlineData("-WarmupCount -1")]
    [InlineData("-Port 0")]
    [InlineData("-OperationTimeoutSeconds 0")]
    [InlineData("-ConnectionTimeoutSeconds -1")]
    [InlineData("-AsSvg ''")]
    [InlineData("-ComputerName ''")]
    public void Bad_input_is_refused(string parameters)
    {
        using var engine = new Engine();

        Assert.Contains(parameters.Split(' ')[0][1..], engine.Terminating($"Measure-EchoServer {parameters}").Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_count_and_a_duration_exclude_each_other()
    {
        using var engine = new Engine();

        Assert.Equal("AmbiguousParameterSet", engine.Terminating("Measure-EchoServer -Count 5 -DurationSeconds 5").Id());
    }
}
