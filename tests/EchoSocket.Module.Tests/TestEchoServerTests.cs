using System.Management.Automation;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Module.Tests;

public class TestEchoServerTests
{
    [Fact]
    public void Stopping_a_test_is_prompt_and_closes_the_connection()
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
}
