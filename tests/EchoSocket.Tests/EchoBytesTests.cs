using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>What comes back, byte for byte, however TCP split it on the way.</summary>
public class EchoBytesTests
{
    private static readonly byte[] EveryByte = [.. Enumerable.Range(0, 256).Select(b => (byte)b)];

    [Theory]
    [InlineData(EchoTransform.Upper)]
    [InlineData(EchoTransform.None)]
    public async Task Every_byte_value_is_echoed(EchoTransform transform)
    {
        using var server = Peers.Listen(transform);
        var serving = Bounded.Start(() => server.ServeOne());
        var reply = new byte[256];

        using (var client = Peers.Client(server.LocalEndPoint))
            client.Exchange(EveryByte, 256, reply);

        Assert.Equal(transform == EchoTransform.None ? EveryByte : Upper(EveryByte), reply);
        Assert.Equal(EndReason.PeerClosed, (await serving.Soon())!.EndReason);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1024)]
    [InlineData(32 * 1024)]
    [InlineData(32 * 1024 + 1)]
    [InlineData(65536 + 17)]
    [InlineData(64 * 1024 * 1024)]
    public async Task A_message_of_any_size_comes_back_whole(int size)
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());
        var message = new byte[size];
        new Random(size).NextBytes(message);
        var reply = new byte[size];

        using (var client = Peers.Client(server.LocalEndPoint, operationTimeout: 60))
        {
            client.Exchange(message, size, reply);
            client.Exchange(message, size, reply); // and the connection can be used again
        }

        Assert.True(Upper(message).AsSpan().SequenceEqual(reply));
        Assert.Equal(2L * size, (await serving.Soon())!.BytesSent);
    }

    [Fact]
    public async Task A_large_message_costs_the_server_no_more_than_the_buffers_of_its_loop()
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            server.ServeOne();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
        var message = new byte[64 * 1024 * 1024];

        using (var client = Peers.Client(server.LocalEndPoint, operationTimeout: 60))
            client.Exchange(message, message.Length, message.ToArray());

        // The server's thread does all its work, so this is all the memory it allocated: a buffer to read into, and one for
        // unsent replies, which may double until it has the same size.
        Assert.InRange(await serving.Soon(), 1, 832 * 1024);
    }

    [Fact]
    public async Task A_peer_that_reads_everything_before_it_replies_does_not_deadlock()
    {
        const int size = 8 * 1024 * 1024;
        using var server = new ScriptedServer(peer => peer.Send(peer.ReadExactly(size)));
        var message = new byte[size];
        new Random(1).NextBytes(message);
        var reply = new byte[size];

        using (var client = Peers.Client(server.EndPoint))
            client.Exchange(message, size, reply);

        Assert.True(message.AsSpan().SequenceEqual(reply));
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_peer_that_replies_one_byte_at_a_time_makes_no_difference()
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.NoDelay = true;
            for (var round = 0; round < 2; round++)
            {
                foreach (var b in peer.ReadExactly(256))
                    peer.Send([b]);
            }
        });
        using var client = Peers.Client(server.EndPoint);
        var reply = new byte[256];

        for (var round = 0; round < 2; round++)
        {
            Array.Clear(reply);
            client.Exchange(EveryByte, 256, reply);
            Assert.Equal(EveryByte, reply);
        }

        await server.Done.Soon();
    }

    [Fact]
    public async Task With_any_reply_those_that_come_glued_together_are_told_apart_by_their_lengths()
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(3);
            peer.Send("1:!THREE"u8); // the second reply comes before its message
            peer.ReadExactly(5);
        });
        using var client = Peers.Client(server.EndPoint, anyReply: true);
        var reply = new byte[5];

        client.Exchange("one"u8.ToArray(), 3, reply);
        Assert.Equal("1:!"u8.ToArray(), reply[..3]);
        client.Exchange("three"u8.ToArray(), 5, reply);
        Assert.Equal("THREE"u8.ToArray(), reply);

        await server.Done.Soon();
    }

    [Fact]
    public async Task A_character_split_between_two_reads_comes_back_whole()
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());
        using var client = Peers.Call(server.LocalEndPoint);
        client.NoDelay = true;
        var replies = new List<byte>();

        foreach (var b in System.Text.Encoding.UTF8.GetBytes("ß你x"))
        {
            client.Send([b]);
            replies.AddRange(client.ReadExactly(1));
        }

        Assert.Equal("ß你X", System.Text.Encoding.UTF8.GetString([.. replies]));
        client.Close();
        Assert.Equal(6, (await serving.Soon())!.BytesReceived);
    }

    private static byte[] Upper(byte[] bytes) =>
        Array.ConvertAll(bytes, b => b is >= (byte)'a' and <= (byte)'z' ? (byte)(b - 32) : b);
}
