using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Polling;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

public class EpollTlsServerTests : TlsServerTests
{
    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectTlsServerTests : TlsServerTests
{
    private protected override IPoller Create() => new SelectPoller();
}

/// <summary>What only a server with TLS does: the handshake, certificates, and clients that break the protocol.</summary>
public abstract class TlsServerTests
{
    private static readonly TimeSpan ShortLimit = TimeSpan.FromSeconds(1);

    private protected abstract IPoller Create();

    private TestServer Start(Action<EchoServerTls>? configure = null)
    {
        using (Create())
        {
            // skips the test if this system has no such poller
        }

        var tls = new EchoServerTls { HandshakeTimeout = Bounded.Limit };
        configure?.Invoke(tls);
        return new TestServer(new EchoServerOptions { Port = 0, Poller = Create, Tls = tls, Backlog = 4096 }, new Recorder());
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Each_version_of_TLS_is_served(SslProtocols protocol)
    {
        using var server = Start();
        using (var client = TestClient.Connect(server.EndPoint, TestClient.Options(protocols: protocol)))
        {
            Assert.Equal(protocol, client.Tls.SslProtocol);
            AssertEchoes(client);
            client.Close();
        }

        await server.Recorder.Ended(1);
        var connection = server.Recorder.Connections.Single();
        Assert.Equal((EndReason.PeerClosed, "", 5L, 5L), (connection.EndReason, connection.Detail, connection.BytesReceived, connection.BytesSent));
    }

    [Fact]
    public void A_server_without_a_certificate_makes_one_for_its_names_and_addresses()
    {
        using var server = Start();
        X509Certificate2? seen = null;
        var options = TestClient.Options();
        options.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
        {
            seen = new X509Certificate2(certificate!);
            return errors == SslPolicyErrors.RemoteCertificateChainErrors; // the issuer is unknown, but the name is right
        };

        foreach (var name in new[] { "localhost", "127.0.0.1" })
        {
            options.TargetHost = name;
            using var client = TestClient.Connect(server.EndPoint, options);
            AssertEchoes(client);
            Assert.Equal(server.Server.Certificate!.RawData, seen!.RawData);
        }

        Assert.InRange(seen!.NotAfter, DateTime.Now.AddDays(6), DateTime.Now.AddDays(8));
        Assert.InRange(seen.NotBefore, DateTime.Now.AddDays(-1), DateTime.Now);
    }

    [Fact]
    public void The_users_certificate_is_shown()
    {
        using var server = Start(tls => tls.Certificate = TestCertificates.Server);
        using var client = TestClient.Connect(server.EndPoint, tls: true);

        Assert.Equal(TestCertificates.Server.RawData, client.Tls.RemoteCertificate!.GetRawCertData());
    }

    [Fact]
    public void The_user_may_dispose_of_certificates_while_the_server_uses_them()
    {
        using var own = TestCertificates.Issue("localhost", TestCertificates.ForServer, null);
        using var authority = X509CertificateLoader.LoadCertificate(TestCertificates.Authority.RawData);
        using var server = Start(tls => (tls.Certificate, tls.RequireClientCertificate, tls.TrustedClients) = (own, true, [authority]));

        own.Dispose();
        authority.Dispose();

        using var client = TestClient.Connect(server.EndPoint, TestClient.Options(TestCertificates.Client));
        AssertEchoes(client);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", "began with 'GET / HTTP/1.1\\x0d\\x0a'")]
    [InlineData("h", "began with 'h'")]
    public async Task A_client_that_speaks_plain_text_is_Faulted(string text, string detail)
    {
        using var server = Start();
        using var client = Peers.Call(server.EndPoint);
        client.Send(Encoding.ASCII.GetBytes(text));

        Assert.Equal(0, client.Receive(new byte[1])); // FIN

        await AssertFaulted(server, "The client does not speak TLS: it " + detail);
    }

    [Fact]
    public async Task A_client_that_leaves_before_the_handshake_is_PeerClosed()
    {
        using var server = Start();

        Peers.Call(server.EndPoint).Close();

        await server.Recorder.Ended(1);
        var connection = server.Recorder.Connections.Single();
        Assert.Equal((EndReason.PeerClosed, ""), (connection.EndReason, connection.Detail));
    }

    [Fact]
    public async Task A_client_that_resets_during_the_handshake_is_PeerReset_and_the_result_says_when()
    {
        using var server = Start();
        using var client = Peers.Call(server.EndPoint);
        client.Send(Hello(server)[..50]);
        client.Reset();

        await server.Recorder.Ended(1);
        var connection = server.Recorder.Connections.Single();
        Assert.Equal((EndReason.PeerReset, "The connection failed during the TLS handshake."), (connection.EndReason, connection.Detail));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(50)]
    public async Task A_truncated_hello_and_FIN_is_Faulted(int length)
    {
        using var server = Start();
        using var client = Peers.Call(server.EndPoint);
        client.Send(Hello(server)[..length]);
        client.Shutdown(SocketShutdown.Send);

        await AssertFaulted(server, "The client closed the connection during the TLS handshake.");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(int.MaxValue)]
    public async Task A_client_that_stalls_in_the_handshake_is_Faulted_at_the_deadline_and_delays_no_other(int length)
    {
        using var server = Start(tls => tls.HandshakeTimeout = ShortLimit);
        using var stalled = Peers.Call(server.EndPoint);
        var hello = Hello(server);
        stalled.Send(hello[..Math.Min(length, hello.Length)]);

        using var good = TestClient.Connect(server.EndPoint, tls: true);
        AssertEchoes(good);

        await AssertFaulted(server, "The client did not complete the TLS handshake within 1 s.");
        AssertEchoes(good);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12, false, 1)]
    [InlineData(SslProtocols.Tls12, false, 2)]
    [InlineData(SslProtocols.Tls12, false, 3)]
    [InlineData(SslProtocols.Tls12, true, 2)]
    [InlineData(SslProtocols.Tls12, true, 3)]
    [InlineData(SslProtocols.Tls12, true, 4)]
    [InlineData(SslProtocols.Tls12, true, 5)]
    [InlineData(SslProtocols.Tls13, false, 1)]
    [InlineData(SslProtocols.Tls13, false, 2)]
    [InlineData(SslProtocols.Tls13, true, 2)]
    [InlineData(SslProtocols.Tls13, true, 3)]
    [InlineData(SslProtocols.Tls13, true, 4)]
    public async Task A_client_that_stalls_after_any_message_of_the_handshake_is_Faulted_at_the_deadline(
        SslProtocols protocol, bool mutual, int records)
    {
        using var server = Start(tls =>
            (tls.HandshakeTimeout, tls.RequireClientCertificate, tls.TrustedClients) = (ShortLimit, mutual, [TestCertificates.Authority]));
        using var client = new SslStream(new StallingStream(Peers.Call(server.EndPoint), records));
        var handshake = client.AuthenticateAsClientAsync(TestClient.Options(mutual ? TestCertificates.Client : null, protocol));

        await AssertFaulted(server, "The client did not complete the TLS handshake within 1 s.");

        try
        {
            await handshake.Soon(); // with TLS 1.3 the client has all it needs
        }
        catch (Exception e) when (e is AuthenticationException or System.IO.IOException)
        {
        }
    }

    [Fact]
    public async Task A_hello_that_comes_one_byte_at_a_time_is_understood()
    {
        using var server = Start();
        var wire = new SlowWriter(Peers.Call(server.EndPoint));
        using var client = new SslStream(wire);
        await client.AuthenticateAsClientAsync(TestClient.Options()).Soon();

        client.Write("hello"u8);

        var reply = new byte[5];
        client.ReadExactly(reply);
        Assert.Equal("HELLO"u8, reply);
    }

    // .NET never continues on a thread with a synchronization context of its own, so each part of a handshake runs elsewhere.
    [Fact]
    public async Task A_handshake_that_continues_on_other_threads_is_completed_on_both_sides()
    {
        using (Create())
        {
            // skips the test if this system has no such poller
        }

        using var server = EchoServer.Listen(new EchoServerOptions { Port = 0, Poller = Create, Tls = new EchoServerTls() });
        var serving = Bounded.Start(() => InForeignContext(() => server.ServeMany()));

        await Bounded.Start(() => InForeignContext(() =>
        {
            for (var i = 0; i < 20; i++)
            {
                using var client = Peers.Client(server.LocalEndPoint, tls: new EchoClientTls { TrustedCertificates = [server.Certificate!] });
                client.Exchange("hello"u8.ToArray(), 5, new byte[5]);
            }
        })).Soon();

        server.Stop();
        await serving.Soon();
    }

    private static void InForeignContext(Action work)
    {
        var own = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new ForeignContext());
        try
        {
            work();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(own);
        }
    }

    private sealed class ForeignContext : SynchronizationContext
    {
    }

    [Fact]
    public async Task Ten_thousand_random_byte_strings_neither_end_the_server_nor_stay_behind()
    {
        const int Count = 10_000;
        using var server = Start();
        var random = new Random(11);
        var hello = Hello(server);
        for (var i = 0; i < Count; i++)
        {
            byte[] bytes;
            if (i % 2 == 0)
            {
                bytes = new byte[random.Next(1, 300)];
                random.NextBytes(bytes);
                if (i % 4 == 0)
                    bytes[0] = 22; // further into the parser
            }
            else
            {
                bytes = [.. hello];
                for (var change = random.Next(1, 10); change > 0; change--)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next();
            }

            using var client = Peers.Call(server.EndPoint);
            client.Send(bytes);
        }

        await server.Recorder.Ended(Count).Soon(Bounded.Limit * 2);
        Bounded.Until(() => server.Server.ActiveConnections == 0);
        Assert.Equal(0, server.Server.BytesReceived);
        using var good = TestClient.Connect(server.EndPoint, tls: true);
        AssertEchoes(good);
    }

    [Fact]
    public async Task Failed_handshakes_leave_nothing_behind()
    {
        const int Count = 700;
        const int MaxKept = 70; // a few may still be in a register, or wait for reuse
        var accepted = new ConcurrentBag<WeakReference>();
        using (Create())
        {
            // skips the test if this system has no such poller
        }

        var expired = TestCertificates.Issue("late", TestCertificates.ForClient, TestCertificates.Authority, -1, 0);
        using var server = new TestServer(
            new EchoServerOptions
            {
                Port = 0,
                Poller = () => new NotingPoller(Create(), accepted),
                Tls = new EchoServerTls { RequireClientCertificate = true, TrustedClients = [TestCertificates.Authority] },
            },
            new Recorder());
        var hello = Hello(server);
        for (var i = 0; i < Count; i++)
        {
            using var socket = Peers.Call(server.EndPoint);
            switch (i % 7)
            {
                case 0:
                    socket.Send("GET / HTTP/1.1\r\n"u8);
                    break;
                case 1:
                    socket.Send(hello.AsSpan(0, 50));
                    break;
                case 2:
                    socket.Send(hello);
                    socket.Reset();
                    break;
                case 3:
                    socket.Send([.. hello.AsSpan(0, 20), .. new byte[hello.Length - 20]]);
                    break;
                case 4:
                    Fail(socket, TestClient.Options());
                    break;
                case 5:
                    Fail(socket, TestClient.Options(expired));
                    break;
                default:
                    Fail(socket, new SslClientAuthenticationOptions { TargetHost = "another.example" }); // it refuses the server's
                    break;
            }
        }

        await server.Recorder.Ended(Count);
        Bounded.Until(() => server.Server.ActiveConnections == 0);
        Assert.Equal(Count, accepted.Count);
        Bounded.Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return accepted.Count(a => a.IsAlive) <= MaxKept;
        });
        Assert.Equal(0, server.Server.BytesReceived);
    }

    private static void Fail(Socket socket, SslClientAuthenticationOptions options)
    {
        try
        {
            using var client = new SslStream(new NetworkStream(socket));
            client.AuthenticateAsClient(options);
            Assert.Equal(0, client.Read(new byte[1])); // TLS 1.3 refuses a client after its handshake
        }
        catch (Exception e) when (e is AuthenticationException or System.IO.IOException)
        {
        }
    }

    private sealed class NotingPoller(IPoller poller, ConcurrentBag<WeakReference> accepted) : WrappedPoller(poller)
    {
        public override ITransport? Adopt(ITransport client, int token, out SocketError error)
        {
            var transport = base.Adopt(client, token, out error);
            if (transport is not null)
                accepted.Add(new WeakReference(transport));
            return transport;
        }
    }

    [Fact]
    public async Task Garbage_after_the_handshake_is_Faulted()
    {
        using var server = Start();
        using var client = TestClient.Connect(server.EndPoint, tls: true);
        AssertEchoes(client);
        client.Socket.Send("not a TLS record"u8);

        await AssertFaulted(server, "The client sent bytes that are not TLS.");
    }

    [Fact]
    public async Task A_record_that_was_changed_on_the_way_is_Faulted_and_never_echoed()
    {
        using var server = Start();
        using var client = TestClient.Connect(server.EndPoint, tls: true);
        AssertEchoes(client);
        byte[] forged = [23, 3, 3, 0, 40, .. new byte[40]];
        client.Socket.Send(forged);

        await AssertFaulted(server, "TLS failed: ");
        Assert.Equal(5, server.Recorder.Connections.Single().BytesReceived);
    }

    [Fact]
    public async Task An_empty_record_is_Faulted()
    {
        using var server = Start();
        using var client = TestClient.Connect(server.EndPoint, tls: true);
        AssertEchoes(client);
        byte[] empty = [23, 3, 3, 0, 0];
        client.Socket.Send(empty);

        await AssertFaulted(server, "The client sent bytes that are not TLS.");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_comes_behind_the_end_of_TLS_does_not_end_the_server(bool closeNotify)
    {
        const int Count = 10;
        byte[] forged = [23, 3, 3, 0, 40, .. new byte[40]];
        using var server = Start();
        for (var i = 0; i < Count; i++)
        {
            var wire = new HoldingStream(Peers.Call(server.EndPoint));
            using var client = new SslStream(wire);
            await client.AuthenticateAsClientAsync(TestClient.Options()).Soon();
            client.Write("hello"u8);
            client.ReadExactly(new byte[5]);

            wire.Hold();
            if (closeNotify)
                await client.ShutdownAsync().Soon();
            for (var part = 0; part < 5000; part++)
                wire.Write(forged);
            wire.Release();

            await server.Recorder.Ended(i + 1);
        }

        var reason = closeNotify ? EndReason.PeerClosed : EndReason.Faulted;
        Assert.All(server.Recorder.Connections, connection => Assert.Equal((reason, 5L), (connection.EndReason, connection.BytesReceived)));
        using var good = TestClient.Connect(server.EndPoint, tls: true);
        AssertEchoes(good);
    }

    [Fact]
    public async Task FIN_without_close_notify_is_PeerClosed_and_the_result_says_so()
    {
        using var server = Start();
        using var client = TestClient.Connect(server.EndPoint, tls: true);
        AssertEchoes(client);

        client.Socket.Shutdown(SocketShutdown.Send);

        client.ReadEnd(); // the server sends close_notify nevertheless
        await server.Recorder.Ended(1);
        var connection = server.Recorder.Connections.Single();
        Assert.Equal(
            (EndReason.PeerClosed, "The client closed without a TLS close_notify: it sends none, or the connection was cut."),
            (connection.EndReason, connection.Detail));
    }

    [Fact]
    public async Task FIN_within_a_record_is_Faulted()
    {
        using var server = Start();
        using var client = TestClient.Connect(server.EndPoint, tls: true);
        AssertEchoes(client);

        byte[] part = [23, 3, 3, 0, 40, 1, 2, 3];
        client.Socket.Send(part);
        client.Socket.Shutdown(SocketShutdown.Send);

        await AssertFaulted(server, "The connection was cut in the middle of a TLS record.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public async Task A_close_notify_right_behind_a_message_ends_the_connection_after_the_reply(int size)
    {
        using var server = Start();
        using var client = TestClient.Connect(server.EndPoint, tls: true);
        client.Socket.NoDelay = false;
        client.Send(new byte[size]);
        await client.Tls.ShutdownAsync().Soon(); // and no FIN

        client.ReadExactly(size);
        client.ReadEnd();

        await server.Recorder.Ended(1);
        Assert.Equal(EndReason.PeerClosed, server.Recorder.Connections.Single().EndReason);
    }

    [Fact]
    public async Task A_client_with_no_version_in_common_is_Faulted_by_name_and_told()
    {
        using var server = Start();
        using var client = Peers.Call(server.EndPoint);

        // A hello for SSL 3.0: that version, and no extension that offers a newer one.
        byte[] body = [3, 0, .. new byte[32], 0, 0, 2, 0, 0x2f, 1, 0];
        client.Send([22, 3, 0, 0, (byte)(body.Length + 4), 1, 0, 0, (byte)body.Length, .. body]);

        Assert.Equal(21, client.ReadExactly(7)[0]); // an alert
        await AssertFaulted(server, "The client and this side have no TLS version or cipher suite in common");
    }

    public static TheoryData<string, string> BadClients => new()
    {
        { "none", "The client showed no certificate, which this server requires." },
        { "unknown issuer", "is not trusted: its issuer (CN=another client) is unknown." },
        { "expired", " expired on " },
        { "not yet valid", "is not valid before " },
        { "wrong usage", "is not for a client" },
    };

    [Theory]
    [MemberData(nameof(BadClients))]
    public async Task A_client_without_a_good_certificate_is_Faulted_by_name_and_the_server_goes_on(string kind, string detail)
    {
        using var server = Start(tls => (tls.RequireClientCertificate, tls.TrustedClients) = (true, [TestCertificates.Authority]));
        var certificate = kind switch
        {
            "none" => null,
            "unknown issuer" => TestCertificates.Issue("another client", TestCertificates.ForClient, null),
            "expired" => TestCertificates.Issue("late", TestCertificates.ForClient, TestCertificates.Authority, -1, 0),
            "not yet valid" => TestCertificates.Issue("early", TestCertificates.ForClient, TestCertificates.Authority, 1, 2),
            _ => TestCertificates.Server,
        };

        using (var bad = Call(server, certificate))
            await AssertFaulted(server, detail);

        using var good = Call(server, TestCertificates.Client)!;
        AssertEchoes(good);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_is_trusted_by_its_thumbprint_alone(bool trusted)
    {
        var certificate = TestCertificates.Issue("pinned", TestCertificates.ForClient, null);
        var shown = trusted ? certificate : TestCertificates.Client;
        using var server = Start(tls =>
            (tls.RequireClientCertificate, tls.TrustedClientThumbprints) = (true, [TrustedCertificates.Thumbprint(certificate).ToLowerInvariant()]));

        using var client = Call(server, shown);
        if (trusted)
            AssertEchoes(client!);
        else
            await AssertFaulted(server, "is not trusted");
    }

    // Null if the server refuses within the handshake; TLS 1.3 refuses after it.
    private static TestClient? Call(TestServer server, X509Certificate2? certificate)
    {
        try
        {
            return TestClient.Connect(server.EndPoint, TestClient.Options(certificate));
        }
        catch (Exception e) when (e is AuthenticationException or System.IO.IOException)
        {
            return null;
        }
    }

    private static void AssertEchoes(TestClient client)
    {
        client.Send("hello"u8);
        Assert.Equal("HELLO"u8, client.ReadExactly(5));
    }

    private static async Task AssertFaulted(TestServer server, string detail)
    {
        await server.Recorder.Ended(1);
        var connection = server.Recorder.Connections.First(c => c.EndReason != EndReason.PeerClosed);
        Assert.Equal(EndReason.Faulted, connection.EndReason);
        Assert.Contains(detail, connection.Detail, StringComparison.Ordinal);
    }

    // What a client of .NET says first.
    private static byte[] Hello(TestServer server)
    {
        var wire = new RecordingStream();
        Assert.ThrowsAny<Exception>(() => new SslStream(wire).AuthenticateAsClient($"localhost:{server.EndPoint.Port}".Split(':')[0]));
        return [.. wire.Written];
    }

    private sealed class RecordingStream : System.IO.MemoryStream
    {
        public List<byte> Written { get; } = [];

        public override void Write(ReadOnlySpan<byte> buffer) => Written.AddRange(buffer);

        public override int Read(Span<byte> buffer) => 0;
    }

    private sealed class HoldingStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        private System.IO.MemoryStream? _held;

        public void Hold() => _held = new System.IO.MemoryStream();

        /// <summary>Sends in one piece what was written since.</summary>
        public void Release()
        {
            try
            {
                Socket.Send(_held!.ToArray());
            }
            catch (SocketException)
            {
                // The server may close before all of it was sent.
            }
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (_held is null)
                base.Write(buffer);
            else
                _held.Write(buffer);
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_held is null)
                await base.WriteAsync(buffer, cancellationToken);
            else
                _held.Write(buffer.Span);
        }
    }

    private sealed class SlowWriter(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Socket.NoDelay = true;
            for (var i = 0; i < buffer.Length; i++)
                await base.WriteAsync(buffer.Slice(i, 1), cancellationToken);
        }
    }
}
