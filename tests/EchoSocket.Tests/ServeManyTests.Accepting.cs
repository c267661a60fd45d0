using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using EchoSocket.Polling;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

// Accepting clients: their endpoints, the limits, and failures.
public abstract partial class ServeManyTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("0.0.0.0", "127.0.0.2")]
    [InlineData("::", "::1")]
    [InlineData("::", "127.0.0.2")] // a dual-mode socket's ::ffff:127.0.0.2
    public async Task The_endpoints_of_a_connection_are_those_that_the_client_sees(string listening, string connecting)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6 || !listening.Contains(':'), "no IPv6 here");
        Assert.SkipUnless(OperatingSystem.IsLinux() || connecting != "127.0.0.2", "only Linux has all of 127.0.0.0/8");
        using var server = Start(o => o.Addresses = [listening]);

        using var client = Peers.Call(new IPEndPoint(IPAddress.Parse(connecting), server.EndPoint.Port));
        var (theirs, ours) = (client.RemoteEndPoint!.ToString(), client.LocalEndPoint!.ToString());
        client.Close();
        await server.Recorder.Ended(1);

        var connection = Assert.Single(server.Recorder.Connections);
        Assert.Equal((theirs, ours), (connection.LocalEndPoint, connection.RemoteEndPoint));
    }

    [Fact]
    public async Task Clients_beyond_MaxConnections_wait_until_another_disconnects()
    {
        using var server = Start(o => o.MaxConnections = 2);
        var first = Client(server);
        using var second = Client(server);
        Exchange(first, "a");
        Exchange(second, "b");
        var waiting = Bounded.Start(() =>
        {
            using var third = Client(server); // in the backlog
            return Exchange(third, "c");
        });
        Assert.Equal("B", Exchange(second, "b"));
        Assert.Equal(2, server.Server.TotalConnections);

        first.Dispose();

        Assert.Equal("C", await waiting.Soon());
        Assert.Equal(3, server.Server.TotalConnections);
        Assert.Equal(2, server.Recorder.MaxActiveConnections);
    }

    [Fact]
    public async Task A_server_with_a_ConnectionCount_returns_when_the_last_of_its_clients_disconnects()
    {
        using var server = Start(o => o.ConnectionCount = 3);
        using (var last = Client(server))
        {
            for (var i = 0; i < 2; i++)
            {
                using var client = Client(server);
                Exchange(client, "x");
            }

            Exchange(last, "x");
            Assert.Equal(EchoError.ConnectionRefused, Assert.Throws<EchoException>(() => Client(server)).Error);
            Exchange(last, "still served");
        }

        await server.Serving.Soon();
        Assert.Equal(3, server.Recorder.Connections.Count);
    }

    [Theory]
    [InlineData(SocketError.TooManyOpenSockets, true)]
    [InlineData(SocketError.NoBufferSpaceAvailable, true)]
    [InlineData(SocketError.ConnectionAborted, false)] // the client reset before the accept
    [InlineData(SocketError.HostUnreachable, false)]
    public async Task An_accept_that_fails_is_tried_again(SocketError error, bool warns)
    {
        using var server = Start(o => o.Poller = () => new AcceptFailingPoller(Create(), error, times: 3));

        using var client = Client(server);
        Assert.Equal("HI", Exchange(client, "hi"));

        await server.StopAsync();
        Assert.Equal(warns ? 1 : 0, server.Recorder.Warnings.Count);
    }

    [Fact]
    public void A_server_out_of_handles_pauses_between_its_tries_to_accept()
    {
        using var server = Start(o => o.Poller = () => new AcceptFailingPoller(Create(), SocketError.TooManyOpenSockets, times: 5));

        var clock = Stopwatch.StartNew();
        using var client = Client(server);
        Assert.Equal("HI", Exchange(client, "hi"));

        Assert.InRange(clock.Elapsed, TimeSpan.FromMilliseconds(450), Bounded.Limit); // five pauses of 100 ms
    }

    [Fact]
    public async Task A_listener_that_fails_ends_the_server_with_the_reason()
    {
        using var server = Start(o => o.Poller = () => new AcceptFailingPoller(Create(), SocketError.InvalidArgument, times: 1));

        using var client = Peers.Call(server.EndPoint);

        var error = await Assert.ThrowsAsync<EchoException>(() => server.Serving.Soon());
        Assert.Equal(EchoError.SocketFailure, error.Error);
        Assert.Contains($"{server.EndPoint}", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(SocketError.InvalidArgument), error.Message, StringComparison.Ordinal);
    }

    private sealed class AcceptFailingPoller(IPoller poller, SocketError with, int times) : WrappedPoller(poller)
    {
        private int _left = times;

        public override ITransport? Accept(int listener, out SocketError error)
        {
            if (_left-- <= 0)
                return base.Accept(listener, out error);

            error = with;
            return null;
        }
    }
}
