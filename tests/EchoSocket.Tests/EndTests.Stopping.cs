using System;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Polling;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

// Stopping, from another thread or from the observer.
public abstract partial class EndTests
{
    [Fact]
    public async Task Stopping_while_no_client_has_come_returns()
    {
        using var server = Start();

        server.Server.Stop();

        await server.Serving.Soon(Bounded.Promptly);
        Assert.Empty(server.Recorder.Connections);
    }

    [Fact]
    public async Task Stopping_before_serving_and_twice_is_harmless()
    {
        using var server = EchoServer.Listen(new EchoServerOptions { Port = 0, Poller = Create });
        server.Stop();
        server.Stop();

        await Bounded.Start(() =>
        {
            if (One)
                Assert.Null(server.ServeOne());
            else
                server.ServeMany();
        }).Soon();
    }

    [Fact]
    public async Task A_silent_client_of_a_stopped_server_is_Stopped_and_sees_FIN()
    {
        using var server = Start();
        using var client = Call(server);
        client.Send("x"u8);
        client.ReadExactly(1);

        server.Server.Stop();

        client.ReadEnd();
        client.Close();
        var connection = await End(server, Bounded.Promptly);
        Assert.Equal((EndReason.Stopped, ""), (connection.EndReason, connection.Detail));
    }

    [Fact]
    public async Task A_client_of_a_stopped_server_that_does_not_close_is_Stopped_after_the_grace_and_saw_FIN()
    {
        using var server = Start(o => o.StopGrace = TimeSpan.FromMilliseconds(50));
        using var client = Call(server);
        client.Send("x"u8);
        client.ReadExactly(1);

        server.Server.Stop();

        var connection = await End(server);
        Assert.Equal((EndReason.Stopped, ""), (connection.EndReason, connection.Detail));
        client.ReadEnd();
    }

    [Fact]
    public async Task A_stopped_server_answers_all_that_had_come_and_sends_FIN()
    {
        const int Size = 2_000_000; // more than one read, and more than one turn
        using var entered = new ManualResetEventSlim();
        using var proceed = new ManualResetEventSlim();
        var recorder = new Recorder
        {
            OnReceived = () =>
            {
                entered.Set();
                Assert.True(proceed.Wait(Bounded.Limit));
            },
        };
        using var server = Start(o => o.StopGrace = Bounded.Limit, recorder);
        var clients = Enumerable.Range(0, One ? 1 : 21).Select(_ => Call(server)).ToList();
        var first = clients[0];
        Bounded.Until(() => server.Server.ActiveConnections == clients.Count);
        first.Send("x"u8);
        Assert.True(entered.Wait(Bounded.Limit));

        var sending = clients.Select(client => Bounded.Start(() =>
        {
            client.Send(new byte[Size]);
            client.CloseSending();
        })).ToList();
        await Task.WhenAll(sending).Soon();
        server.Server.Stop();
        proceed.Set();

        var reading = clients.Select(client => Bounded.Start(() =>
        {
            client.ReadExactly(Size + (client == first ? 1 : 0));
            client.ReadEnd();
        })).ToList();
        await Task.WhenAll(reading).Soon();
        await server.Serving.Soon();
        Assert.All(server.Recorder.Connections, c => Assert.Equal((EndReason.Stopped, "", c.BytesReceived), (c.EndReason, c.Detail, c.BytesSent)));
        Assert.Equal(clients.Count, server.Recorder.Connections.Count);
        clients.ForEach(c => c.Dispose());
    }

    [Fact]
    public async Task A_stopped_server_answers_what_was_on_its_way_before_it_sends_FIN()
    {
        LatePoller poller = null!;
        using var server = Start(o => o.Poller = () => poller = new LatePoller(Create()));
        using var client = Call(server);
        client.Send("x"u8);
        client.ReadExactly(1);
        poller.Stop = server.Server.Stop;

        client.Send("hello"u8);

        Assert.Equal("HELLO"u8.ToArray(), client.ReadExactly(5));
        client.ReadEnd();
        client.Close();
        var connection = await End(server);
        Assert.Equal((EndReason.Stopped, ""), (connection.EndReason, connection.Detail));
    }

    [Fact]
    public async Task A_client_of_a_stopped_server_that_does_not_read_gets_RST_and_the_result_says_what_was_left()
    {
        using var server = Start();
        using var client = Call(server);
        await client.Fill();

        var clock = Stopwatch.StartNew();
        server.Server.Stop();

        var connection = await End(server);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(EndReason.Stopped, connection.EndReason);
        AssertLeftover(connection);
        Assert.Equal(SocketError.ConnectionReset, Assert.Throws<SocketException>(() => Drain(client)).SocketErrorCode);
    }

    [Fact]
    public async Task A_client_that_sends_without_end_is_answered_no_longer_than_the_grace()
    {
        Assert.SkipWhen(Tls, "what comes without end here is plain text");
        using var server = Start(o => (o.StopGrace, o.Poller) = (TimeSpan.FromMilliseconds(100), () => new EndlessPoller(Create())));
        using var client = Call(server);
        var reading = Bounded.Start(() => Assert.Throws<SocketException>(() => Drain(client))); // gets RST

        client.Send("x"u8);
        Bounded.Until(() => server.Server.BytesSent > 100);
        server.Server.Stop();

        Assert.Equal(EndReason.Stopped, (await End(server)).EndReason);
        await reading.Soon();
    }

    [Fact]
    public async Task A_client_that_resets_after_the_FIN_of_a_stopped_server_is_PeerReset()
    {
        using var server = Start(o => o.StopGrace = Bounded.Limit);
        using var client = Call(server);
        client.Send("x"u8);
        client.ReadExactly(1);
        server.Server.Stop();
        client.ReadEnd();

        client.Reset();

        var connection = await End(server, Bounded.Promptly);
        Assert.Equal((EndReason.PeerReset, ""), (connection.EndReason, connection.Detail));
    }

    [Fact]
    public async Task A_client_that_sends_after_the_FIN_of_a_stopped_server_gets_RST_and_the_result_counts_those_bytes()
    {
        using var server = Start(o => o.StopGrace = TimeSpan.FromMilliseconds(500));
        using var client = Call(server);
        client.Send("x"u8);
        client.ReadExactly(1);
        server.Server.Stop();
        client.ReadEnd();

        client.Send("too late"u8);

        var connection = await End(server);
        Assert.Equal((EndReason.Stopped, "8 bytes from the client were not answered."), (connection.EndReason, connection.Detail));
        Assert.Equal((9L, 1L), (connection.BytesReceived, connection.BytesSent));
        Bounded.Until(() => client.Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is not 0); // RST, not FIN alone
    }

    [Fact]
    public async Task A_client_that_keeps_sending_while_the_server_stops_gets_every_reply_that_was_counted()
    {
        using var server = Start(o => o.StopGrace = Bounded.Limit);
        using var client = Call(server);
        var sending = Bounded.Start(() =>
        {
            var chunk = new byte[16 * 1024];
            try
            {
                while (true)
                    client.Send(chunk);
            }
            catch (SocketException)
            {
                // the other task shuts the socket down
            }
        });
        var reading = Bounded.Start(() =>
        {
            var total = Drain(client);
            client.Socket.Shutdown(SocketShutdown.Both);
            return total;
        });
        Bounded.Until(() => server.Server.BytesSent > 1_000_000);

        server.Server.Stop();

        Assert.Equal((await End(server)).BytesSent, await reading.Soon());
        await sending.Soon();
    }

    [Theory]
    [InlineData(true, EndReason.PeerClosed)]
    [InlineData(false, EndReason.Stopped)]
    public async Task An_observer_may_stop_the_server(bool atTheEnd, EndReason reason)
    {
        TestServer? server = null;
        var recorder = atTheEnd
            ? new Recorder { OnEnded = () => server!.Server.Stop() }
            : new Recorder { OnReceived = () => server!.Server.Stop() };
        using (server = Start(o => o.StopGrace = TimeSpan.FromHours(1), recorder))
        {
            using var client = Call(server);
            client.Send("x"u8);
            Assert.Equal("X"u8, client.ReadExactly(1));
            client.Close();

            Assert.Equal(reason, (await End(server)).EndReason);
            await server.Serving.Soon();
        }
    }

    private static long Drain(TestClient client)
    {
        var (total, buffer) = (0L, new byte[64 * 1024]);
        while (client.Receive(buffer) is > 0 and var count)
            total += count;
        return total;
    }

    /// <summary>Once told to, stops the server at the next message, which it delivers only when asked for the third time.</summary>
    private sealed class LatePoller(IPoller poller) : WrappedPoller(poller)
    {
        private int _calls;

        public volatile Action? Stop;

        protected override int Receive(int token, ITransport transport, byte[] buffer, int offset, int count, out SocketError error)
        {
            if (Stop is null || ++_calls > 2)
                return base.Receive(token, transport, buffer, offset, count, out error);

            Stop();
            error = SocketError.WouldBlock;
            return 0;
        }
    }

    // After the first byte there is always another one.
    private sealed class EndlessPoller(IPoller poller) : WrappedPoller(poller)
    {
        protected override int Receive(int token, ITransport transport, byte[] buffer, int offset, int count, out SocketError error)
        {
            error = SocketError.Success;
            buffer[offset] = (byte)'x';
            return 1;
        }
    }
}
