using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Polling;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

public class EpollOneEndTests : EndTests
{
    private protected override bool One => true;

    private protected override bool Tls => false;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class EpollOneTlsEndTests : EndTests
{
    private protected override bool One => true;

    private protected override bool Tls => true;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class EpollManyEndTests : EndTests
{
    private protected override bool One => false;

    private protected override bool Tls => false;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class EpollManyTlsEndTests : EndTests
{
    private protected override bool One => false;

    private protected override bool Tls => true;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectOneEndTests : EndTests
{
    private protected override bool One => true;

    private protected override bool Tls => false;

    private protected override IPoller Create() => new SelectPoller();
}

public class SelectOneTlsEndTests : EndTests
{
    private protected override bool One => true;

    private protected override bool Tls => true;

    private protected override IPoller Create() => new SelectPoller();
}

public class SelectManyEndTests : EndTests
{
    private protected override bool One => false;

    private protected override bool Tls => false;

    private protected override IPoller Create() => new SelectPoller();
}

public class SelectManyTlsEndTests : EndTests
{
    private protected override bool One => false;

    private protected override bool Tls => true;

    private protected override IPoller Create() => new SelectPoller();
}

public class EpollThreadsEndTests : EndTests
{
    private protected override bool One => false;

    private protected override bool Tls => false;

    private protected override int Threads => 2;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectThreadsTlsEndTests : EndTests
{
    private protected override bool One => false;

    private protected override bool Tls => true;

    private protected override int Threads => 2;

    private protected override IPoller Create() => new SelectPoller();
}

/// <summary>How connections end: the same for a server of one client and for one of many, with each poller, plain and over TLS.</summary>
public abstract partial class EndTests
{
    private protected abstract bool One { get; }

    private protected abstract bool Tls { get; }

    // With two, it is not the one that accepts that serves the first client.
    private protected virtual int Threads => 1;

    private protected abstract IPoller Create();

    private TestServer Start(Action<EchoServerOptions>? configure = null, Recorder? recorder = null)
    {
        using (Create())
        {
            // skips the test if this system has no such poller
        }

        var options = new EchoServerOptions { Port = 0, Poller = Create, Backlog = 4096, Tls = Tls ? new EchoServerTls() : null, ThreadCount = Threads };
        configure?.Invoke(options);
        return new TestServer(options, recorder ?? new Recorder(), One);
    }

    private TestClient Call(TestServer server) => TestClient.Connect(server.EndPoint, Tls);

    [Fact]
    public async Task An_orderly_close_is_PeerClosed()
    {
        using var server = Start();
        using var client = Call(server);
        client.Send("hello"u8);
        Assert.Equal("HELLO"u8, client.ReadExactly(5));
        var local = client.LocalEndPoint!.ToString();

        client.Close();

        var connection = await End(server, Bounded.Promptly);
        Assert.Equal((EndReason.PeerClosed, ""), (connection.EndReason, connection.Detail));
        Assert.Equal((5L, 5L), (connection.BytesReceived, connection.BytesSent));
        Assert.Equal((local, server.EndPoint.ToString()), (connection.RemoteEndPoint, connection.LocalEndPoint));
        Assert.InRange(connection.Duration, TimeSpan.FromTicks(1), Bounded.Limit);
        Assert.InRange(connection.StartTime, DateTime.UtcNow - Bounded.Limit, DateTime.UtcNow);
        Assert.Equal(DateTimeKind.Utc, connection.StartTime.Kind);
    }

    [Fact]
    public async Task A_client_that_closes_without_sending_is_PeerClosed()
    {
        using var server = Start();

        Call(server).Close();

        var connection = await End(server, Bounded.Promptly);
        Assert.Equal((EndReason.PeerClosed, 0L), (connection.EndReason, connection.BytesReceived));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task A_reset_is_PeerReset(int messageLength)
    {
        using var server = Start();
        using var client = Call(server);
        client.Send(new byte[messageLength]);
        client.ReadExactly(messageLength);

        client.Reset();

        var connection = await End(server, Bounded.Promptly);
        Assert.Equal((EndReason.PeerReset, messageLength), (connection.EndReason, connection.BytesReceived));
    }

    [Fact]
    public async Task A_reset_while_the_server_waits_to_send_is_PeerReset()
    {
        using var server = Start();
        using var client = Call(server);
        await client.Fill();

        client.Reset();

        var connection = await End(server, Bounded.Promptly);
        Assert.Equal((EndReason.PeerReset, ""), (connection.EndReason, connection.Detail));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(300_000)]
    [InlineData(3_000_000)]
    public async Task A_half_closed_client_gets_its_whole_reply(int length)
    {
        using var server = Start();
        using var client = Call(server);
        var start = Math.Max(0, length - 100_000);
        var sending = Bounded.Start(() => client.Send(Enumerable.Repeat((byte)'x', length).ToArray()));
        var reply = client.ReadExactly(start);
        await sending.Soon();

        client.CloseSending();

        reply = [.. reply, .. client.ReadExactly(length - start)];
        Assert.Equal(new string('X', length), Encoding.ASCII.GetString(reply));
        client.ReadEnd();
        Assert.Equal(EndReason.PeerClosed, (await End(server, Bounded.Promptly)).EndReason);
    }

    [Fact]
    public async Task A_silent_client_is_IdleTimeout_and_sees_FIN()
    {
        using var server = Start(o => o.IdleTimeout = TimeSpan.FromMilliseconds(100));
        using var client = Call(server);
        var clock = Stopwatch.StartNew();

        client.ReadEnd();

        var connection = await End(server);
        Assert.Equal((EndReason.IdleTimeout, ""), (connection.EndReason, connection.Detail));
        Assert.InRange(clock.Elapsed, TimeSpan.FromMilliseconds(80), Bounded.Limit);
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_IdleTimeout_and_still_gets_every_reply_that_was_sent()
    {
        using var server = Start(o => o.IdleTimeout = TimeSpan.FromSeconds(1));
        using var client = TestClient.Connect(server.EndPoint, Tls, receiveBufferSize: 64 * 1024);

        // In pieces that fit the server's receive buffer: anything that arrives during the close would cause a reset. With a
        // fixed size the client's receive buffer does not grow meanwhile.
        var piece = new byte[64 * 1024];
        var sent = 0L;
        do
        {
            client.Send(piece);
            sent += piece.Length;
        }
        while (SpinWait.SpinUntil(() => server.Server.BytesSent == sent, TimeSpan.FromMilliseconds(200))
            || server.Server.BytesReceived == server.Server.BytesSent);
        if (Tls)
            client.Send(piece); // the server may still get rid of the rest of a record

        var connection = await End(server);

        Assert.Equal(EndReason.IdleTimeout, connection.EndReason);
        AssertLeftover(connection);
        var unanswered = (connection.BytesReceived - connection.BytesSent).ToString("N0", CultureInfo.InvariantCulture);
        Assert.Contains($"{unanswered} bytes from the client were not answered.", connection.Detail, StringComparison.Ordinal);
        client.ReadExactly((int)connection.BytesSent);
        if (Tls)
            Assert.Throws<IOException>(() => Drain(client)); // FIN within a record, the rest of which there was no room for
        else
            client.ReadEnd();
    }

    [Fact]
    public async Task A_transform_that_throws_is_Faulted_and_the_client_sees_FIN()
    {
        using var server = Start(o => o.TransformBytes = (_, _) => throw new InvalidOperationException("the transform's own"));
        using var client = Call(server);
        client.Send("!"u8);

        client.ReadEnd();

        var connection = await End(server);
        Assert.Equal((EndReason.Faulted, "the transform's own"), (connection.EndReason, connection.Detail));
    }

    [Fact]
    public async Task A_client_whose_connection_is_Faulted_still_gets_every_reply_that_was_sent()
    {
        const int Size = 20_000; // the client's buffer is too small for it, and the server's large enough
        TestClient client = null!;
        using var server = Start(o => o.TransformBytes = (buffer, _) =>
        {
            if (buffer[0] != (byte)'!')
                return;

            client.Send("never read by the server"u8);
            throw new InvalidOperationException();
        });
        client = TestClient.Connect(server.EndPoint, Tls, receiveBufferSize: 4096);
        client.Socket.NoDelay = true;
        client.Send(new byte[Size]);
        Bounded.Until(() => server.Server.BytesSent == Size);

        client.Send("!"u8);

        Assert.Equal(EndReason.Faulted, (await End(server)).EndReason);
        client.ReadExactly(Size);
        client.ReadEnd();
        client.Dispose();
    }

    [Fact]
    public async Task A_receive_that_fails_is_Faulted_and_the_client_sees_FIN()
    {
        FailingPoller poller = null!;
        using var server = Start(o => o.Poller = () => poller = new FailingPoller(Create()));
        using var client = Call(server);
        client.Send("x"u8);
        client.ReadExactly(1);
        poller.Fails = true;
        client.Send("x"u8);

        client.ReadEnd();

        var connection = await End(server);
        Assert.Equal(EndReason.Faulted, connection.EndReason);
        Assert.Contains(nameof(SocketError.HostUnreachable), connection.Detail, StringComparison.Ordinal);
    }

    // So when none is active, every result is there to be received.
    [Fact]
    public async Task A_connection_counts_as_active_until_its_end_has_been_reported()
    {
        TestServer? server = null;
        var active = -1;
        var recorder = new Recorder { OnEnded = () => active = server!.Server.ActiveConnections };
        using (server = Start(recorder: recorder))
        {
            Call(server).Close();
            await End(server);
            Bounded.Until(() => active >= 0 && server.Server.ActiveConnections == 0);
        }

        Assert.Equal(1, active);
    }

    [Fact]
    public async Task An_exception_of_an_observer_ends_the_server_with_FIN_and_reaches_its_caller()
    {
        TestClient? client = null;
        var recorder = new Recorder
        {
            OnReceived = () =>
            {
                client!.Send("never read by the server"u8);
                throw new InvalidOperationException("the observer's own");
            },
        };
        using var server = Start(recorder: recorder);
        using (client = Call(server))
        {
            client.Send("x"u8);

            var error = await Assert.ThrowsAsync<InvalidOperationException>(() => server.Serving.Soon());

            Assert.Equal("the observer's own", error.Message);
            Assert.Equal(0, server.Server.ActiveConnections);
            client.ReadEnd();
        }

        using var again = EchoServer.Listen(new EchoServerOptions { Port = server.EndPoint.Port });
    }

    private void AssertLeftover(ConnectionResult connection)
    {
        Assert.EndsWith("bytes from the client were not answered.", connection.Detail, StringComparison.Ordinal);
        using var poller = Create();
        if (poller is EpollPoller) // .NET does not expose how much the peer has not acknowledged
            Assert.StartsWith("The client had not yet taken ", connection.Detail, StringComparison.Ordinal);
    }

    // The result of the first connection, which also ends a server of one client.
    private async Task<ConnectionResult> End(TestServer server, TimeSpan? limit = null)
    {
        await server.Recorder.Ended(1).Soon(limit);
        if (One)
            await server.Serving.Soon(limit);
        return server.Recorder.Connections.First();
    }

    private sealed class FailingPoller(IPoller poller) : WrappedPoller(poller)
    {
        public volatile bool Fails;

        protected override int Receive(int token, ITransport transport, byte[] buffer, int offset, int count, out SocketError error)
        {
            var received = base.Receive(token, transport, buffer, offset, count, out error);
            if (received == 0 || !Fails)
                return received;

            error = SocketError.HostUnreachable;
            return 0;
        }
    }
}
