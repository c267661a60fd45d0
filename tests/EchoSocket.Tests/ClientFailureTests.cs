using System;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>How an exchange fails: each way has its own id, and a message that says how much came and what to do.</summary>
public class ClientFailureTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task No_whole_reply_in_time_is_OperationTimeout(int replied)
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(peer.ReadExactly(5)[..replied]);
            Assert.Equal(0, peer.Receive(new byte[1])); // until the client gives up
        });
        using var client = Peers.Client(server.EndPoint, operationTimeout: 0.2);

        var error = Assert.Throws<EchoException>(() => client.Exchange("hello"u8.ToArray(), 5, new byte[5]));

        Assert.Equal(EchoError.OperationTimeout, error.Error);
        Assert.Contains($"{replied} of 5 bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains("within 0.2 s", error.Message, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Fact]
    public async Task The_limit_is_for_the_whole_reply_however_it_trickles()
    {
        using var gaveUp = new ManualResetEventSlim();
        using var server = new ScriptedServer(peer =>
        {
            peer.NoDelay = true;
            peer.ReadExactly(1000);
            try
            {
                for (var sent = 0; sent < 900 && !gaveUp.Wait(20); sent++)
                    peer.Send([0]);
            }
            catch (SocketException)
            {
                // the client closed
            }
        });
        using var client = Peers.Client(server.EndPoint, operationTimeout: 0.3);

        var error = Assert.Throws<EchoException>(() => client.Exchange(new byte[1000], 1000, new byte[1000]));
        gaveUp.Set();

        Assert.Equal(EchoError.OperationTimeout, error.Error);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_large_message_that_the_server_does_not_read_is_OperationTimeout()
    {
        using var gaveUp = new ManualResetEventSlim();
        using var server = new ScriptedServer(_ => gaveUp.Wait(Bounded.Limit));
        using var client = Peers.Client(server.EndPoint, operationTimeout: 0.3);
        var message = new byte[32 * 1024 * 1024];

        var exchanging = Bounded.Start(() => client.Exchange(message, message.Length, new byte[message.Length]));
        var error = await Assert.ThrowsAsync<EchoException>(() => exchanging.Soon());
        gaveUp.Set();

        Assert.Equal(EchoError.OperationTimeout, error.Error);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_peer_that_answers_before_it_has_read_the_message_is_OperationTimeout()
    {
        using var gaveUp = new ManualResetEventSlim();
        var size = 16 * 1024 * 1024;
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(new byte[size]);
            gaveUp.Wait(Bounded.Limit);
        });
        using var client = Peers.Client(server.EndPoint, operationTimeout: 0.5);

        var exchanging = Bounded.Start(() => client.Exchange(new byte[size], size, new byte[size]));
        var error = await Assert.ThrowsAsync<EchoException>(() => exchanging.Soon());
        gaveUp.Set();

        Assert.Equal(EchoError.OperationTimeout, error.Error);
        Assert.Contains("all 16,777,216 bytes of a reply came before the whole message was sent", error.Message, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_close_before_the_whole_reply_is_ConnectionClosedEarly(int replied)
    {
        using var server = new ScriptedServer(peer => peer.Send(peer.ReadExactly(5)[..replied]));
        using var client = Peers.Client(server.EndPoint);

        var error = Assert.Throws<EchoException>(() => client.Exchange("hello"u8.ToArray(), 5, new byte[5]));

        Assert.Equal(EchoError.ConnectionClosedEarly, error.Error);
        Assert.Contains($"{replied} of 5 bytes", error.Message, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Theory]
    [InlineData(5)]
    [InlineData(16 * 1024 * 1024)]
    public async Task A_reset_before_the_whole_reply_is_ConnectionReset(int size)
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(5);
            peer.Reset();
        });
        using var client = Peers.Client(server.EndPoint);

        var error = Assert.Throws<EchoException>(() => client.Exchange(new byte[size], size, new byte[size]));

        Assert.Equal(EchoError.ConnectionReset, error.Error);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_reset_right_after_the_accept_fails_the_message_and_not_the_connecting()
    {
        for (var i = 0; i < 50; i++)
        {
            using var server = new ScriptedServer(peer => peer.Reset());
            using var client = Peers.Client(server.EndPoint);

            var error = Assert.Throws<EchoException>(() => client.Exchange("hello"u8.ToArray(), 5, new byte[5]));

            Assert.Equal(EchoError.ConnectionReset, error.Error);
            await server.Done.Soon();
        }
    }

    [Fact]
    public async Task A_reply_whose_message_was_cut_off_is_a_failure()
    {
        const int size = 16 * 1024 * 1024;
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(new byte[size]);
            peer.Reset();
        });
        using var client = Peers.Client(server.EndPoint);

        var exchanging = Bounded.Start(() => client.Exchange(new byte[size], size, new byte[size]));

        Assert.Equal(EchoError.ConnectionReset, (await Assert.ThrowsAsync<EchoException>(() => exchanging.Soon())).Error);
        await server.Done.Soon();
    }

    [Fact]
    public async Task Cancelling_ends_an_exchange_with_FIN()
    {
        using var cancellation = new CancellationTokenSource();
        using var received = new ManualResetEventSlim();
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(5);
            received.Set();
            Assert.Equal(0, peer.Receive(new byte[1])); // FIN; a reset would throw
        });
        using var client = Peers.Client(server.EndPoint, cancellation: cancellation.Token);
        var exchanging = Bounded.Start(() => client.Exchange("hello"u8.ToArray(), 5, new byte[5]));
        Assert.True(received.Wait(Bounded.Limit));

        cancellation.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exchanging.Soon(Bounded.Promptly));
        await server.Done.Soon();
    }

    [Fact]
    public async Task Cancelling_ends_a_large_exchange_with_RST()
    {
        const int size = 16 * 1024 * 1024;
        using var cancellation = new CancellationTokenSource();
        using var received = new ManualResetEventSlim();
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(size);
            received.Set();
            Bounded.Until(() => (int)peer.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! != 0); // FIN is no error
        });
        using var client = Peers.Client(server.EndPoint, cancellation: cancellation.Token);
        var exchanging = Bounded.Start(() => client.Exchange(new byte[size], size, new byte[size]));
        Assert.True(received.Wait(Bounded.Limit));

        cancellation.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exchanging.Soon());
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_late_reply_is_never_the_reply_to_a_later_message()
    {
        using var gaveUp = new ManualResetEventSlim();
        using var server = new ScriptedServer(peer =>
        {
            var late = peer.ReadExactly(5);
            gaveUp.Wait(Bounded.Limit);
            peer.Send(late);
            peer.Receive(late);
        });
        using var client = Peers.Client(server.EndPoint, operationTimeout: 0.1);
        Assert.Throws<EchoException>(() => client.Exchange("first"u8.ToArray(), 5, new byte[5]));
        gaveUp.Set();
        await server.Done.Soon();
        var reply = new byte[5];

        Assert.Throws<ObjectDisposedException>(() => client.Exchange("other"u8.ToArray(), 5, reply));

        Assert.Equal(new byte[5], reply);
    }

    [Fact]
    public async Task After_a_failure_the_connection_is_closed()
    {
        using var server = new ScriptedServer(peer => peer.ReadExactly(5));
        using var client = Peers.Client(server.EndPoint);
        Assert.Throws<EchoException>(() => client.Exchange("hello"u8.ToArray(), 5, new byte[5]));

        Assert.Throws<ObjectDisposedException>(() => client.Exchange("hello"u8.ToArray(), 5, new byte[5]));
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_message_that_is_empty_or_does_not_fit_is_refused_before_anything_is_sent()
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());
        using (var client = Peers.Client(server.LocalEndPoint))
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(() => client.Exchange([], 0, []));
            Assert.Contains("nothing on the wire", error.Message, StringComparison.Ordinal);
            foreach (var (message, reply) in new[] { (2, 3), (3, 2) })
            {
                error = Assert.Throws<ArgumentOutOfRangeException>(() => client.Exchange(new byte[message], 3, new byte[reply]));
                Assert.Contains("must fit their buffers", error.Message, StringComparison.Ordinal);
            }

            var both = new byte[3];
            Assert.Contains("buffer of its own", Assert.Throws<ArgumentException>(() => client.Exchange(both, 3, both)).Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentNullException>("message", () => client.Exchange(null!, 1, new byte[1]));
            Assert.Throws<ArgumentNullException>("reply", () => client.Exchange(new byte[1], 1, null!));
        }

        Assert.Equal(0, (await serving.Soon())!.BytesReceived);
    }
}
