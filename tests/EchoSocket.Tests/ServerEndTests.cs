using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The server returns when its client goes, says how it went, and ends in order when it is stopped.</summary>
public partial class ServerEndTests
{
    [Fact]
    public async Task An_orderly_close_is_PeerClosed()
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());
        using var client = Peers.Call(server.LocalEndPoint);
        client.Send("hello"u8);
        Assert.Equal("HELLO"u8.ToArray(), client.ReadExactly(5));
        var local = client.LocalEndPoint!.ToString();

        client.Close();

        var connection = await serving.Soon(Bounded.Promptly);
        Assert.Equal(EndReason.PeerClosed, connection!.EndReason);
        Assert.Equal(5, connection.BytesReceived);
        Assert.Equal(5, connection.BytesSent);
        Assert.Equal(local, connection.RemoteEndPoint);
        Assert.Equal(server.LocalEndPoint.ToString(), connection.LocalEndPoint);
        Assert.InRange(connection.Duration, TimeSpan.FromTicks(1), Bounded.Limit);
        Assert.InRange(connection.StartTime, DateTime.Now - Bounded.Limit, DateTime.Now);
        Assert.Equal("", connection.Detail);
    }

    [Fact]
    public async Task A_client_that_leaves_without_a_word_is_PeerClosed()
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());

        Peers.Call(server.LocalEndPoint).Close();

        var connection = await serving.Soon(Bounded.Promptly);
        Assert.Equal(EndReason.PeerClosed, connection!.EndReason);
        Assert.Equal(0, connection.BytesReceived);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task A_reset_is_PeerReset(int messageLength)
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());
        using var client = Peers.Call(server.LocalEndPoint);
        client.Send(new byte[messageLength]);
        client.ReadExactly(messageLength);

        client.Reset();

        var connection = await serving.Soon(Bounded.Promptly);
        Assert.Equal(EndReason.PeerReset, connection!.EndReason);
        Assert.Equal(messageLength, connection.BytesReceived);
    }

    [Fact]
    public async Task A_reset_while_the_server_waits_to_send_is_PeerReset()
    {
        using var server = Peers.Listen();
        var blocked = new Blocked();
        var serving = Bounded.Start(() => server.ServeOne(blocked));
        using var client = Peers.Call(server.LocalEndPoint);
        await Flood(client, blocked);

        client.Reset();

        var connection = await serving.Soon(Bounded.Promptly);
        Assert.Equal((EndReason.PeerReset, ""), (connection!.EndReason, connection.Detail));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(300_000)]
    public async Task A_half_closed_client_still_gets_its_whole_reply(int length)
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());
        using var client = Peers.Call(server.LocalEndPoint);
        var message = new byte[length];
        Array.Fill(message, (byte)'x');

        var sending = Bounded.Start(() =>
        {
            client.Send(message);
            client.Shutdown(SocketShutdown.Send);
        });
        var reply = client.ReadExactly(length);
        await sending.Soon();

        Assert.Equal(new string('X', length), Encoding.ASCII.GetString(reply));
        Assert.Equal(0, client.Receive(new byte[1])); // the server's FIN, not a reset
        Assert.Equal(EndReason.PeerClosed, (await serving.Soon(Bounded.Promptly))!.EndReason);
    }

    [Fact]
    public async Task An_end_with_unread_bytes_is_still_a_FIN()
    {
        using var server = Peers.Listen();
        using var client = Peers.Call(server.LocalEndPoint);
        var observer = new Throwing(() => client.Send("never read by the server"u8));
        var serving = Bounded.Start(() => server.ServeOne(observer));
        client.Send("x"u8);

        await Assert.ThrowsAsync<InvalidOperationException>(() => serving.Soon());

        Assert.Equal(0, client.Receive(new byte[1])); // a reset would throw
    }

    [Fact]
    public async Task What_an_observer_throws_reaches_the_caller_and_the_port_is_free_after_disposal()
    {
        var server = Peers.Listen();
        using var client = Peers.Call(server.LocalEndPoint);
        var serving = Bounded.Start(() => server.ServeOne(new Throwing(() => { })));
        client.Send("x"u8);

        await Assert.ThrowsAsync<InvalidOperationException>(() => serving.Soon());
        server.Dispose();

        using var again = EchoServer.Listen(new EchoServerOptions { Port = server.LocalEndPoint.Port });
    }

    /// <summary>Sends without ever reading until the server can't send any more.</summary>
    private static async Task Flood(Socket client, Blocked blocked)
    {
        var chunk = new byte[256 * 1024];
        var flooding = Bounded.Start(() =>
        {
            client.SendTimeout = 250; // only reached once both ways are full
            try
            {
                while (true)
                    client.Send(chunk);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
            }
        });
        await flooding.Soon();
        Assert.True(blocked.Bytes > 0);
    }

    private sealed class Blocked : Observer
    {
        private long _bytes;

        public long Bytes => Interlocked.Read(ref _bytes);

        public override void Received(IPEndPoint remote, byte[] buffer, int count) => Interlocked.Add(ref _bytes, count);
    }

    private sealed class Throwing(Action first) : Observer
    {
        public override void Received(IPEndPoint remote, byte[] buffer, int count)
        {
            first();
            throw new InvalidOperationException("an observer's own");
        }
    }
}
