using System;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>Measure-EchoServer -Udp while it runs.</summary>
public class MeasureUdpTests
{
    [Fact]
    public void Progress_shows_what_was_lost_so_far()
    {
        // Every fourth datagram is lost.
        var received = 0;
        using var peer = new UdpPeer(answer: bytes => received++ % 4 == 3 ? null : bytes);
        using var engine = new Engine();

        var records = engine.Run("Measure-EchoServer -Udp -Port $args[0] -Rate 200 -DurationSeconds 1 -OperationTimeoutSeconds 0.1", peer.Port).Progress;

        Assert.Equal(ProgressRecordType.Completed, records[^1].RecordType);
        var during = records.Where(r => r.PercentComplete >= 0).ToList();
        Assert.NotEmpty(during);
        Assert.All(during, r => Assert.Matches(@"^[\d,]+ messages, [\d,]+/s, p50 [\d.]+ .?s, [\d,]+ lost$", r.StatusDescription));
        Assert.DoesNotContain(", 0 lost", during[^1].StatusDescription, StringComparison.Ordinal);
    }

    [Fact]
    public void Stopping_a_measurement_is_prompt_and_shows_the_figures()
    {
        var received = 0;
        using var peer = new UdpPeer(answer: bytes =>
        {
            Interlocked.Increment(ref received);
            return bytes;
        });
        var host = new ScriptedHost();
        using var engine = new Engine(host);
        using var running = engine.Begin("Measure-EchoServer -Udp -Port $args[0] -DurationSeconds 1000 -Connections 3", peer.Port);
        Bounded.Until(() => Volatile.Read(ref received) > 1000);

        running.Stop();

        Assert.IsType<PipelineStoppedException>(running.End(Bounded.Promptly).Ended);
        Assert.StartsWith("\nTarget ", host.Text, StringComparison.Ordinal);
        Assert.Contains("\nLoad        UDP, 3 sockets, ", host.Text, StringComparison.Ordinal);
        Assert.Contains(" late, ", host.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Stopping_a_search_for_the_path_MTU_is_prompt()
    {
        using var reached = new ManualResetEventSlim();
        using var peer = new UdpPeer(answer: bytes =>
        {
            if (bytes.Length > 1000)
                reached.Set();
            return bytes.Length <= 1000 ? bytes : null;
        });
        using var engine = new Engine();
        using var running = engine.Begin("Measure-EchoServer -Udp -FindMtu -OperationTimeoutSeconds 1000 -Port $args[0]", peer.Port);
        Assert.True(reached.Wait(Bounded.Limit));

        running.Stop();

        Assert.IsType<PipelineStoppedException>(running.End(Bounded.Promptly).Ended);
        Assert.Empty(running.Output);
    }
}
