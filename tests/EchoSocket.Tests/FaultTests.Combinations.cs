using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

// Faults that meet each other, and clients that do what none of them expects.
public abstract partial class FaultTests
{
    [Fact]
    public async Task A_half_close_and_a_stall_leave_the_connection_open_in_either_order()
    {
        foreach (var faults in new EchoFault[][] { [EchoFault.HalfClose(), EchoFault.Stall(Ms(50))], [EchoFault.Stall(), EchoFault.HalfClose(Ms(50))] })
        {
            using var server = Start([.. faults, EchoFault.Reset(Ms(1500))]);
            using var client = Call(server);
            client.ReadEnd();
            await AssertEndedByFault(server, EchoFaultKind.Reset, 0, "after 1.5 s");
            Assert.Equal(3, server.Recorder.Connections.First().Faults.Count);
        }
    }

    [Theory]
    [InlineData("Delay")]
    [InlineData("Throttle")]
    [InlineData("Corrupt")]
    public async Task A_client_that_sends_FIN_and_then_resets_frees_everything(string kind)
    {
        var (server, client) = await Enter(kind);
        client.CloseSending();
        client.Reset();
        Assert.Equal(EndReason.PeerReset, (await End(server)).EndReason);
        server.Dispose();
    }

    // The fault finds a reply half sent, because the client does not read. Then the client makes room for more.
    [Theory]
    [InlineData("Silence")]
    [InlineData("HalfClose")]
    [InlineData("Stall")]
    [InlineData("Delay")]
    public async Task A_fault_that_waits_does_not_keep_the_server_busy(string kind)
    {
        var fault = kind switch
        {
            "Silence" => EchoFault.Silence(Ms(400)),
            "HalfClose" => EchoFault.HalfClose(Ms(400)),
            "Stall" => EchoFault.Stall(Ms(400)),
            _ => EchoFault.Delay(Long),
        };
        CountingPoller? poller = null;
        using var server = Start(o => o.Poller = () => poller = new CountingPoller(Create()), fault, EchoFault.Reset(Ms(1200)));
        using var client = Call(server);
        var sending = Bounded.Start(() => client.Send(new byte[8_000_000]));
        await Task.Run(() => Bounded.Until(() => kind == "Delay" ? server.Server.BytesReceived > 0 : !server.Recorder.Injections.IsEmpty), TestContext.Current.CancellationToken);
        var reading = Bounded.Start(() =>
        {
            while (client.Socket.Receive(new byte[64 * 1024]) > 0)
            {
                // what was on its way, over TLS encrypted
            }
        });
        await End(server);

        // Busy waiting would take hundreds of thousands.
        Assert.InRange(poller!.Rounds, 1, 10_000);
        await Record.ExceptionAsync(() => reading.Soon()); // FIN, or a reset if the sending has not taken it
        await Record.ExceptionAsync(() => sending.Soon()); // a reset, if it has not sent all
    }

    private sealed class CountingPoller(IPoller poller) : WrappedPoller(poller)
    {
        private int _rounds;

        public int Rounds => Volatile.Read(ref _rounds);

        public override int Wait(int milliseconds, int[] ready)
        {
            Interlocked.Increment(ref _rounds);
            return base.Wait(milliseconds, ready);
        }
    }
}
