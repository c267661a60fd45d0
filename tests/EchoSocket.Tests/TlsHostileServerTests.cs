using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The client over TLS against servers that break the protocol.</summary>
public class TlsHostileServerTests
{
    private static readonly EchoClientTls TrustAuthority = new() { TrustedCertificates = [TestCertificates.Authority] };

    [Theory]
    [InlineData(SslProtocols.Tls12, 0)]
    [InlineData(SslProtocols.Tls12, 1)]
    [InlineData(SslProtocols.Tls12, 2)]
    [InlineData(SslProtocols.Tls12, 3)]
    [InlineData(SslProtocols.Tls12, 4)]
    [InlineData(SslProtocols.Tls12, 5)]
    [InlineData(SslProtocols.Tls13, 0)]
    [InlineData(SslProtocols.Tls13, 1)]
    [InlineData(SslProtocols.Tls13, 2)]
    [InlineData(SslProtocols.Tls13, 3)]
    [InlineData(SslProtocols.Tls13, 4)]
    [InlineData(SslProtocols.Tls13, 5)]
    public async Task A_server_that_stalls_after_any_message_of_the_handshake_is_a_ConnectionTimeout(SslProtocols protocol, int records)
    {
        using var server = new ScriptedServer(socket =>
        {
            using var tls = new SslStream(new StallingStream(socket, records));
            try
            {
                tls.AuthenticateAsServerAsync(TestCertificates.Server, clientCertificateRequired: false, protocol, checkCertificateRevocation: false).Get();
                tls.ReadByte(); // with TLS 1.2 the server itself may have all it needs
            }
            catch (Exception e) when (e is AuthenticationException or IOException)
            {
                // ended by the client
            }
        });
        var options = new EchoClientOptions { Port = server.Port, Tls = TrustAuthority, ConnectionTimeout = TimeSpan.FromMilliseconds(500) };

        var error = Assert.Throws<EchoException>(() => EchoClient.Connect(options, TestContext.Current.CancellationToken));

        Assert.Equal(EchoError.ConnectionTimeout, error.Error);
        Assert.Contains("The TLS handshake with ", error.Message, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(50)]
    public async Task A_truncated_hello_and_FIN_is_named(int length)
    {
        byte[] hello = [22, 3, 3, 0, 100, 2, 0, 0, 96, 3, 3, .. new byte[94]];
        using var server = new ScriptedServer(socket =>
        {
            socket.Receive(new byte[4096]);
            socket.Send(hello.AsSpan(0, length));
            socket.Shutdown(SocketShutdown.Send);
            socket.Receive(new byte[4096]);
        });

        AssertFails(() => Peers.Client(server.EndPoint, tls: TrustAuthority), "The server closed the connection during the TLS handshake.");

        await server.Done.Soon();
    }

    [Fact]
    public async Task A_reset_in_the_handshake_is_named()
    {
        using var server = new ScriptedServer(socket =>
        {
            socket.Receive(new byte[4096]);
            socket.Reset();
        });

        AssertFails(() => Peers.Client(server.EndPoint, tls: TrustAuthority), "The connection failed during the TLS handshake.");

        await server.Done.Soon();
    }

    [Theory]
    [InlineData(true, "The server sent bytes that are not TLS.")]
    [InlineData(false, "TLS failed: ")]
    public async Task Garbage_instead_of_a_reply_is_named(bool noRecord, string problem)
    {
        using var server = new ScriptedServer(socket =>
        {
            using var peer = new TestPeer(socket, tls: true);
            peer.ReadExactly(5);
            socket.Send(noRecord ? "not a TLS record"u8.ToArray() : [23, 3, 3, 0, 40, .. new byte[40]]);
            socket.Receive(new byte[4096]);
        });
        using var client = Peers.Client(server.EndPoint, tls: TrustAuthority);

        AssertFails(() => client.Exchange("hello"u8.ToArray(), 5, new byte[5]), problem);

        client.Dispose();
        await server.Done.Soon();
    }

    [Fact]
    public void Garbage_that_comes_with_records_without_data_is_named_at_once()
    {
        var toServer = new FakeTransport();
        var toClient = new FakeTransport();
        var client = new TlsTransport(toServer, new TlsBuffers(), TrustAuthority.ToSide("localhost", long.MaxValue, CancellationToken.None), () => { });
        var server = new TlsTransport(toClient, new TlsBuffers(), new EchoServerTls().ToServer(TestCertificates.Server), () => { });
        var buffer = new byte[TlsTransport.MinCount];
        Bounded.Until(() =>
        {
            client.Receive(buffer, 0, buffer.Length, out _);
            Move(toServer, toClient);
            server.Receive(buffer, 0, buffer.Length, out _);
            if (!client.IsEstablished)
                Move(toClient, toServer);
            return client.IsEstablished && server.IsEstablished;
        });
        Assert.NotEmpty(toClient.Outgoing); // the session tickets, which are records without data

        toClient.Outgoing.AddRange("not a TLS record"u8);
        Move(toClient, toServer);
        client.Receive(buffer, 0, buffer.Length, out var error);

        Assert.Equal(SocketError.Fault, error);
        Assert.Equal("The server sent bytes that are not TLS.", client.Problem);
        client.Close();
        server.Close();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_flood_of_records_without_data_delays_no_timeout_and_no_stop(bool cancels)
    {
        const int Count = 200_000; // which takes the client seconds
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var flooding = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var server = new ScriptedServer(socket =>
        {
            using var peer = new TestPeer(socket, tls: true, SslProtocols.Tls13);
            var records = KeyUpdates.Make(peer.Tls, Count);
            ready.SetResult();
            peer.ReadExactly(5);
            flooding.SetResult();
            try
            {
                socket.SendTimeout = 2000; // Linux may not tell it that the client has gone
                socket.Send(records);
                socket.Receive(new byte[4096]);
            }
            catch (SocketException)
            {
                // The client has gone, with something unread.
            }
        });
        using var cancellation = new CancellationTokenSource();
        using var client = Peers.Client(server.EndPoint, operationTimeout: cancels ? 20 : 0.05, tls: TrustAuthority, cancellation: cancellation.Token);
        await Task.WhenAny(ready.Task, server.Done).Unwrap().Soon();

        var exchange = Bounded.Start(() => client.Exchange("hello"u8.ToArray(), 5, new byte[5]));
        await flooding.Task.Soon();
        if (cancels)
            cancellation.Cancel();

        var error = await Assert.ThrowsAnyAsync<Exception>(() => exchange.Soon(Bounded.Promptly));
        Assert.True(cancels ? error is OperationCanceledException : error is EchoException { Error: EchoError.OperationTimeout }, error.ToString());
        await server.Done.Soon();
    }

    // In memory, through all that a connection has except its socket.
    [Fact]
    public async Task Ten_thousand_random_byte_strings_are_refused_and_nothing_stays_behind()
    {
        const int Count = 10_000;
        const int MaxKept = 100; // a few may still be in a register, or wait for reuse
        var flight = Flight();
        var buffers = new TlsBuffers();
        var side = TrustAuthority.ToSide("localhost", long.MaxValue, CancellationToken.None);

        var connections = await Bounded.Start(() => Enumerable.Range(0, Count).Select(i => Attack(i, flight, buffers, side)).ToList()).Soon(Bounded.Limit * 2);

        Bounded.Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return connections.Count(c => c.IsAlive) <= MaxKept;
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Attack(int seed, byte[] flight, TlsBuffers buffers, TlsSide side)
    {
        var random = new Random(seed);
        byte[] bytes;
        if (seed % 2 == 0)
        {
            bytes = new byte[random.Next(1, 300)];
            random.NextBytes(bytes);
            if (seed % 4 == 0)
                bytes[0] = 22; // further into the parser
        }
        else
        {
            bytes = [.. flight];
            for (var change = random.Next(1, 10); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next();
        }

        var wire = new FakeTransport { HasEnded = true };
        foreach (var one in bytes)
            wire.Incoming.Enqueue(one);
        var connection = new TlsTransport(wire, buffers, side, () => { });
        var buffer = new byte[TlsTransport.MinCount];
        SocketError error;
        var turns = 0;
        do
        {
            Assert.Equal(0, connection.Receive(buffer, 0, buffer.Length, out error));
            Assert.True(++turns < 1000, "There is no end to it.");
        }
        while (error is SocketError.InProgress or SocketError.WouldBlock);

        Assert.Equal(SocketError.Fault, error);
        Assert.False(connection.IsEstablished);
        Assert.NotEqual("", connection.Problem);
        connection.Close();
        return new WeakReference(connection);
    }

    // What a server of .NET answers to a hello, which is not that of the clients above.
    private static byte[] Flight()
    {
        var sent = new List<byte>();
        using var server = new ScriptedServer(socket =>
        {
            using var tls = new SslStream(new NetworkStream(socket));
            tls.AuthenticateAsServer(TestCertificates.Server);
        });
        using var socket = Peers.Call(server.EndPoint);
        using var client = new SslStream(new RecordingStream(socket, sent));
        client.AuthenticateAsClient(TestClient.Options());
        return [.. sent];
    }

    private static void Move(FakeTransport from, FakeTransport to)
    {
        foreach (var one in from.Outgoing)
            to.Incoming.Enqueue(one);
        from.Outgoing.Clear();
    }

    private static void AssertFails(Action work, string problem)
    {
        var error = Assert.Throws<EchoException>(work);
        Assert.Equal(EchoError.AuthenticationFailed, error.Error);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private sealed class RecordingStream(Socket socket, List<byte> received) : NetworkStream(socket)
    {
        public override int Read(Span<byte> buffer)
        {
            var count = base.Read(buffer);
            received.AddRange(buffer[..count]);
            return count;
        }
    }
}
