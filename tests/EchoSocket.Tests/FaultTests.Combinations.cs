using System;
using System.Linq;
using System.Text;
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

    // The places that FaultPlanTests writes down, whatever the poller, the transport and the pieces in which TCP brings the message.
    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(100)]
    public async Task A_seed_corrupts_the_same_bytes_everywhere(int part)
    {
        using var server = Start(EchoFault.Corrupt(50));
        using var client = Call(server);
        foreach (var bytes in new byte[100].Chunk(part))
            client.Send(bytes);

        var reply = client.ReadExactly(100);
        Assert.Equal([(38, 1), (49, 128), (55, 64), (96, 32)], reply.Select((b, i) => (i, (int)b)).Where(c => c.Item2 != 0));
        client.Close();
        AssertInjected(await End(server), (EchoFaultKind.Corrupt, 38, 4));
    }

    [Fact]
    public async Task A_delay_and_then_a_reset_sends_exactly_so_many_bytes_of_later_replies()
    {
        foreach (var faults in new EchoFault[][] { [EchoFault.Delay(Ms(50)), EchoFault.Reset(7)], [EchoFault.Reset(7), EchoFault.Delay(Ms(50))] })
        {
            using var server = Start(faults);
            using var client = Call(server);
            client.Send("hello"u8);
            Assert.Equal("HELLO", Encoding.ASCII.GetString(client.ReadExactly(5)));
            client.Send("world"u8);
            Assert.Equal("WO", Encoding.ASCII.GetString(client.ReadExactly(2)));
            ReadReset(client);
            await AssertEndedByFault(server, EchoFaultKind.Reset, 7, "resets after 7 bytes");
        }
    }

    [Fact]
    public async Task A_large_message_in_slices_of_one_byte_arrives_whole()
    {
        using var server = Start(EchoFault.Slice(1));
        using var client = Call(server);
        var sending = Bounded.Start(() => client.Send(new byte[Large]));
        Assert.Equal(Large, client.ReadExactly(Large).Length);
        await sending.Soon();
        client.Close();
        AssertInjected(await End(server), (EchoFaultKind.Slice, 0, Large));
    }

    [Fact]
    public async Task As_many_faults_as_a_list_can_have_compose()
    {
        var faults = Enumerable.Range(0, EchoServerOptions.MaxFaults)
            .Select(i => (i % 4) switch { 0 => EchoFault.Delay(Ms(0)), 1 => EchoFault.Slice(1), 2 => EchoFault.Corrupt(int.MaxValue), _ => EchoFault.Throttle(int.MaxValue) })
            .ToArray();
        using var server = Start(faults);
        using var client = Call(server);
        Assert.Equal("HELLO", Send(client, "hello"));
        client.Close();
        Assert.Equal(EndReason.PeerClosed, (await End(server)).EndReason);
        Assert.Throws<ArgumentException>(() => server.Server.Faults = [.. faults, EchoFault.Close()]);
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
