using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

public class OneEchoBytesTests : EchoBytesTests
{
    private protected override bool One => true;

    private protected override bool Tls => false;
}

public class OneTlsEchoBytesTests : EchoBytesTests
{
    private protected override bool One => true;

    private protected override bool Tls => true;
}

public class ManyEchoBytesTests : EchoBytesTests
{
    private protected override bool One => false;

    private protected override bool Tls => false;
}

public class ManyTlsEchoBytesTests : EchoBytesTests
{
    private protected override bool One => false;

    private protected override bool Tls => true;
}

/// <summary>
/// What comes back, byte for byte, however TCP split it on the way: from a server of one client and from one of many, plain and
/// over TLS.
/// </summary>
public abstract class EchoBytesTests
{
    private static readonly byte[] EveryByte = [.. Enumerable.Range(0, 256).Select(b => (byte)b)];

    private protected abstract bool One { get; }

    private protected abstract bool Tls { get; }

    private EchoServerOptions ServerOptions =>
        new() { Port = 0, Tls = Tls ? new EchoServerTls { Certificate = TestCertificates.Server } : null };

    private TestServer Start(EchoTransform transform = EchoTransform.Upper)
    {
        var options = ServerOptions;
        options.Transform = transform;
        return new TestServer(options, new Recorder(), One);
    }

    /// <summary>A server that runs this script for its first client, after the handshake.</summary>
    private ScriptedServer Scripted(Action<TestPeer> script) => new(socket =>
    {
        using var peer = new TestPeer(socket, Tls);
        script(peer);
    });

    private EchoClient Client(IPEndPoint server, double operationTimeout = 20, bool anyReply = false) => Peers.Client(
        server, operationTimeout, anyReply, tls: Tls ? new EchoClientTls { TrustedCertificates = [TestCertificates.Authority] } : null);

    [Theory]
    [InlineData(EchoTransform.Upper)]
    [InlineData(EchoTransform.None)]
    public async Task Every_byte_value_is_echoed(EchoTransform transform)
    {
        using var server = Start(transform);
        var reply = new byte[256];

        using (var client = Client(server.EndPoint))
            client.Exchange(EveryByte, 256, reply);

        Assert.Equal(transform == EchoTransform.None ? EveryByte : Upper(EveryByte), reply);
        Assert.Equal(EndReason.PeerClosed, (await Result(server)).EndReason);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1024)]
    [InlineData(16 * 1024)] // the most that a TLS record holds
    [InlineData(16 * 1024 + 1)]
    [InlineData(32 * 1024)]
    [InlineData(32 * 1024 + 1)]
    [InlineData(65536 + 17)]
    [InlineData(64 * 1024 * 1024)]
    public async Task A_message_of_any_size_comes_back_whole(int size)
    {
        using var server = Start();
        var message = new byte[size];
        new Random(size).NextBytes(message);
        var reply = new byte[size];

        using (var client = Client(server.EndPoint, operationTimeout: 60))
        {
            client.Exchange(message, size, reply);
            client.Exchange(message, size, reply); // and the connection can be used again
        }

        Assert.True(Upper(message).AsSpan().SequenceEqual(reply));
        Assert.Equal(2L * size, (await Result(server)).BytesSent);
    }

    [Fact]
    public async Task A_large_message_costs_the_server_no_more_than_the_buffers_of_its_loop()
    {
        using var server = EchoServer.Listen(ServerOptions);
        var serving = Bounded.Start(() =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            if (One)
                server.ServeOne();
            else
                server.ServeMany();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
        var message = new byte[64 * 1024 * 1024];

        using (var client = Client(server.LocalEndPoint, operationTimeout: 60))
            client.Exchange(message, message.Length, message.ToArray());
        server.Stop();

        // The server's thread does all its work, so this is all the memory it allocated: a buffer to read into, and one for
        // unsent replies, which may double until it has the same size. TLS adds buffers for encrypted bytes, the one for unsent
        // bytes anew each time the client does not read fast enough.
        Assert.InRange(await serving.Soon(), 1, Tls ? 16 * 1024 * 1024 : 832 * 1024);
    }

    [Fact]
    public async Task A_peer_that_reads_everything_before_it_replies_does_not_deadlock()
    {
        const int size = 8 * 1024 * 1024;
        using var server = Scripted(peer => peer.Send(peer.ReadExactly(size)));
        var message = new byte[size];
        new Random(1).NextBytes(message);
        var reply = new byte[size];

        using (var client = Client(server.EndPoint))
            client.Exchange(message, size, reply);

        Assert.True(message.AsSpan().SequenceEqual(reply));
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_peer_that_replies_one_byte_at_a_time_makes_no_difference()
    {
        using var server = Scripted(peer =>
        {
            peer.Socket.NoDelay = true;
            for (var round = 0; round < 2; round++)
            {
                foreach (var b in peer.ReadExactly(256))
                    peer.Send([b]);
            }
        });
        using var client = Client(server.EndPoint);
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
        using var server = Scripted(peer =>
        {
            peer.ReadExactly(3);
            peer.Send("1:!THREE"u8); // the second reply comes before its message
            peer.ReadExactly(5);
        });
        using var client = Client(server.EndPoint, anyReply: true);
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
        using var server = Start();
        using var client = TestClient.Connect(server.EndPoint, Tls);
        client.Socket.NoDelay = true;
        var replies = new List<byte>();

        foreach (var b in System.Text.Encoding.UTF8.GetBytes("ß你x"))
        {
            client.Send([b]);
            replies.AddRange(client.ReadExactly(1));
        }

        Assert.Equal("ß你X", System.Text.Encoding.UTF8.GetString([.. replies]));
        client.Close();
        Assert.Equal(6, (await Result(server)).BytesReceived);
    }

    private static async Task<ConnectionResult> Result(TestServer server)
    {
        await server.Recorder.Ended(1);
        return server.Recorder.Connections.Single();
    }

    private static byte[] Upper(byte[] bytes) =>
        Array.ConvertAll(bytes, b => b is >= (byte)'a' and <= (byte)'z' ? (byte)(b - 32) : b);
}
