using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

// Stopped by somebody else, or by its own observer.
public partial class ServerEndTests
{
    [Fact]
    public async Task Stopping_while_it_waits_for_a_client_returns_null()
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());

        server.Stop();

        Assert.Null(await serving.Soon(Bounded.Promptly));
        Assert.Null(server.ServeOne()); // and does not wait again
    }

    [Fact]
    public async Task Stopping_a_silent_connection_is_Stopped_and_the_peer_sees_FIN()
    {
        using var server = Peers.Listen();
        var connected = new Blocked();
        var serving = Bounded.Start(() => server.ServeOne(connected));
        using var client = Peers.Call(server.LocalEndPoint);
        client.Send("x"u8);
        client.ReadExactly(1);

        server.Stop();

        Assert.Equal(EndReason.Stopped, (await serving.Soon(Bounded.Promptly))!.EndReason);
        Assert.Equal(0, client.Receive(new byte[1])); // a reset would throw
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stopping_answers_what_had_come_and_ends_with_FIN(bool many)
    {
        using var server = EchoServer.Listen(new EchoServerOptions { Port = 0, StopGrace = Bounded.Limit });
        using var held = new Held();
        var serving = Bounded.Start(() =>
        {
            if (many)
                server.ServeMany(held);
            else
                server.ServeOne(held);
        });
        using var client = Peers.Call(server.LocalEndPoint);
        client.Send("first "u8);
        await held.Entered.Task.Soon();
        client.Send("and last"u8);

        var stopping = Bounded.Start(server.Stop);
        if (!many)
            Assert.True(SpinWait.SpinUntil(() => IsRefused(server.LocalEndPoint), Bounded.Limit)); // it has begun to stop
        held.Leave.Set();

        Assert.Equal("FIRST AND LAST"u8.ToArray(), client.ReadExactly(14));
        Assert.Equal(0, client.Receive(new byte[1])); // FIN; a reset would throw
        client.Close();
        await stopping.Soon();
        await serving.Soon();
    }

    [Theory]
    [InlineData(true, EndReason.PeerClosed)]
    [InlineData(false, EndReason.Stopped)]
    public async Task An_observer_may_stop_the_server_without_waiting_for_itself(bool atTheEnd, EndReason reason)
    {
        using var server = EchoServer.Listen(new EchoServerOptions { Port = 0, StopGrace = TimeSpan.FromHours(1) });
        var serving = Bounded.Start(() => server.ServeOne(new Stopping(server, atTheEnd)));

        using var client = Peers.Call(server.LocalEndPoint);
        client.Send("x"u8);
        Assert.Equal("X"u8.ToArray(), client.ReadExactly(1));
        client.Close();

        Assert.Equal(reason, (await serving.Soon())!.EndReason);
    }

    [Fact]
    public async Task Stopping_while_the_server_waits_to_send_ends_it()
    {
        using var server = Peers.Listen();
        var blocked = new Blocked();
        var serving = Bounded.Start(() => server.ServeOne(blocked));
        using var client = Peers.Call(server.LocalEndPoint);
        await Flood(client, blocked);

        server.Stop();

        Assert.Equal(EndReason.Stopped, (await serving.Soon(Bounded.Promptly))!.EndReason);
    }

    [Fact]
    public void Stopping_twice_is_harmless()
    {
        var server = Peers.Listen();
        server.Stop();
        server.Stop();
        server.Dispose();
    }

    private static bool IsRefused(IPEndPoint server)
    {
        try
        {
            Peers.Call(server).Close();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>Holds the server while it looks at what was received first.</summary>
    private sealed class Held : Observer, IDisposable
    {
        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ManualResetEventSlim Leave { get; } = new();

        public override void Received(IPEndPoint remote, byte[] buffer, int count)
        {
            Entered.TrySetResult();
            Assert.True(Leave.Wait(Bounded.Limit));
        }

        public void Dispose() => Leave.Dispose();
    }

    private sealed class Stopping(EchoServer server, bool atTheEnd) : Observer
    {
        public override void Received(IPEndPoint remote, byte[] buffer, int count)
        {
            if (!atTheEnd)
                server.Stop();
        }

        public override void Ended(IPEndPoint remote, EchoConnection connection)
        {
            if (atTheEnd)
                server.Stop();
        }
    }
}
