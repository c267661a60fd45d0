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

// Stopping, faults, and observers that throw or are full.
public abstract partial class ServeManyTests
{
    [Fact]
    public async Task Stopping_answers_what_had_come_and_every_client_sees_FIN_within_two_seconds()
    {
        using var server = Start();
        var clients = Enumerable.Range(0, 1000).Select(_ => Call(server)).ToList();
        Assert.True(SpinWait.SpinUntil(() => server.Server.ActiveConnections == 1000, Bounded.Limit));
        foreach (var client in clients)
            client.Send("last"u8);

        var clock = Stopwatch.StartNew();
        await server.StopAsync();
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));

        foreach (var client in clients)
        {
            Assert.Equal("LAST"u8.ToArray(), client.ReadExactly(4));
            client.ReadEnd();
            client.Dispose();
        }

        Assert.Equal(1000, server.Recorder.Connections.Count(c => c.EndReason == EndReason.Stopped));
        using var again = EchoServer.Listen(new EchoServerOptions { Port = server.EndPoint.Port });
    }

    [Fact]
    public async Task A_transform_that_throws_ends_that_connection_as_Faulted_and_no_other()
    {
        using var server = Start(o => o.TransformBytes = (buffer, _) =>
        {
            if (buffer[0] == (byte)'!')
                throw new InvalidOperationException("the transform's own");
        });

        Assert.Equal("the transform's own", await FaultOfOneOfTwo(server));
    }

    [Fact]
    public async Task A_failure_other_than_a_reset_ends_that_connection_as_Faulted_and_no_other()
    {
        Assert.SkipWhen(Tls, "the receive that fails is found by its plain text");
        using var server = Start(o => o.Poller = () => new ReceiveFailingPoller(Create()));

        Assert.Contains(nameof(SocketError.HostUnreachable), await FaultOfOneOfTwo(server), StringComparison.Ordinal);
    }

    // Returns the detail of the connection that sent "!".
    private async Task<string> FaultOfOneOfTwo(TestServer server)
    {
        using var good = Client(server);
        var reply = Exchange(good, "ok");

        using var bad = Call(server);
        bad.Send("!"u8);
        bad.ReadEnd();

        await server.Recorder.Ended(1);
        var connection = server.Recorder.Connections.Single();
        Assert.Equal(EndReason.Faulted, connection.EndReason);
        Assert.Equal(reply, Exchange(good, "ok"));
        return connection.Detail;
    }

    [Fact]
    public async Task An_exception_of_an_observer_closes_every_connection_and_reaches_the_caller()
    {
        var recorder = new Recorder { OnReceived = () => throw new InvalidOperationException("the observer's own") };
        using var server = Start(recorder: recorder);
        using var other = Call(server);
        Assert.True(SpinWait.SpinUntil(() => server.Server.ActiveConnections == 1, Bounded.Limit));
        using var client = Call(server);
        client.Send("x"u8);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => server.Serving.Soon());

        Assert.Equal("the observer's own", error.Message);
        Assert.Equal(0, server.Server.ActiveConnections);
        other.ReadEnd();
        using var again = EchoServer.Listen(new EchoServerOptions { Port = server.EndPoint.Port });
    }

    [Fact]
    public async Task While_an_observer_is_full_new_clients_wait_and_the_others_are_served()
    {
        var recorder = new Recorder();
        using var server = Start(recorder: recorder);
        using var first = Client(server);
        Exchange(first, "a");

        recorder.Full = true;
        var waiting = Bounded.Start(() =>
        {
            using var second = Client(server);
            return Exchange(second, "b");
        });
        for (var i = 0; i < 100; i++)
            Exchange(first, "a");
        Assert.Equal(1, server.Server.TotalConnections);

        recorder.Full = false;
        Assert.Equal("B", await waiting.Soon());
    }

    [Fact]
    public async Task A_server_that_is_stopping_refuses_new_clients()
    {
        using var server = Start(o => o.StopGrace = Bounded.Limit);
        using var last = Call(server);
        last.Send("x"u8);
        last.ReadExactly(1);

        server.Server.Stop();
        last.ReadEnd(); // the server's FIN; it now waits for the client to close

        Assert.Equal(EchoError.ConnectionRefused, Assert.Throws<EchoException>(() => Client(server)).Error);
        Assert.False(server.Serving.IsCompleted);
        last.Close();
        await server.Serving.Soon();
    }

    private sealed class ReceiveFailingPoller(IPoller poller) : WrappedPoller(poller)
    {
        protected override int Receive(int token, ITransport transport, byte[] buffer, int offset, int count, out SocketError error)
        {
            var received = base.Receive(token, transport, buffer, offset, count, out error);
            if (received == 0 || buffer[offset] != (byte)'!')
                return received;

            error = SocketError.HostUnreachable;
            return 0;
        }
    }
}
