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

    public static readonly TheoryData<string, Action<Socket>, string, ErrorCategory> Wrong = new()
    {
        { "silent", Peers.ReadEndAfter(32), "OperationTimeout", ErrorCategory.OperationTimeout },
        { "closes", client => client.Shutdown(SocketShutdown.Send), "ConnectionClosedEarly", ErrorCategory.ConnectionError },
        { "resets", client => { client.ReadExactly(32); client.Reset(); }, "ConnectionReset", ErrorCategory.ConnectionError },
        { "garbage", client => { client.ReadExactly(32); client.Send(new byte[32]); client.ReadEnd(); }, "ReplyMismatch", ErrorCategory.InvalidResult },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Each_kind_of_wrong_server_has_its_error(string name, Action<Socket> script, string id, ErrorCategory category)
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
    public void Progress_shows_the_share_and_the_figures_and_disappears_at_the_end()
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
    public void Stopping_a_measurement_is_prompt_shows_the_figures_and_leaves_no_connection()
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
        Assert.StartsWith("\nTarget ", host.Text, StringComparison.Ordinal);
        Assert.Contains("\nMessages ", host.Text, StringComparison.Ordinal);
        var ends = servers.Run("Stop-Job $args[0]; Receive-Job $args[0]; Remove-Job $args[0]", server).Output;
        Assert.Equal(["PeerClosed", "PeerClosed", "PeerClosed"], ends.Select(e => $"{e.Properties["EndReason"].Value}"));
    }

    [Theory]
    [InlineData("Yes", true)]
    [InlineData("No", false)]
    public void With_Confirm_it_asks_before_it_overwrites_a_picture_and_measures_in_either_case(string answer, bool written)
    {
        var host = new ScriptedHost { Choice = answer };
        using var engine = new Engine(host);
        var folder = Directory.CreateTempSubdirectory();
        var file = Path.Combine(folder.FullName, "latency.svg");
        File.WriteAllText(file, "older");
        try
        {
            var result = engine.Run(Server + "$server | Measure-EchoServer -Count 5 -SvgPath $args[0] -Confirm; Remove-Job $server -Force", file);

            Assert.Equal(5L, Assert.Single(result.Output).Properties["Received"].Value);
            Assert.Contains($"Performing the operation \"Overwrite the picture\" on target \"{file}\".", host.Text, StringComparison.Ordinal);
            Assert.Equal(written, File.ReadAllText(file) != "older");
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
            Server + "$folder = $args[1]; foreach ($once in 1) { $server | Measure-EchoServer -Count 5 -SvgPath $args[0] | ForEach-Object { [IO.Directory]::Delete($folder); break } }; Remove-Job $server -Force",
            Path.Combine(folder.FullName, "latency.svg"), folder.FullName);

        Assert.Null(result.Ended);
        Assert.Empty(result.Errors);
        Assert.StartsWith($"WARNING: The picture '{folder.FullName}", host.Text, StringComparison.Ordinal);
    }
}
