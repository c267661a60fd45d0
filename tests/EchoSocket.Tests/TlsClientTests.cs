using System;
using System.Linq;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The client over TLS: which servers it trusts, and what it says about the others.</summary>
public class TlsClientTests
{
    private static readonly EchoClientTls TrustAuthority = new() { TrustedCertificates = [TestCertificates.Authority] };

    [Fact]
    public async Task A_server_is_trusted_by_its_own_certificate_and_the_client_knows_what_was_agreed()
    {
        using var server = Start();
        using var client = Peers.Client(server.EndPoint, tls: new EchoClientTls { TrustedCertificates = [server.Server.Certificate!] });

        AssertEchoes(client);

        var details = client.Tls!;
        Assert.StartsWith("Tls1", details.Protocol, StringComparison.Ordinal);
        Assert.StartsWith("TLS_", details.CipherSuite, StringComparison.Ordinal);
        Assert.Equal(("CN=localhost", "CN=localhost"), (details.Subject, details.Issuer));
        Assert.Equal(["localhost", "127.0.0.1"], details.Names);
        Assert.Equal(TrustedCertificates.Thumbprint(server.Server.Certificate!), details.Thumbprint);
        Assert.InRange(details.NotAfter - DateTime.UtcNow, TimeSpan.FromDays(6), TimeSpan.FromDays(8));
        Assert.Equal(DateTimeKind.Utc, details.NotBefore.Kind);
        Assert.InRange(details.HandshakeTime, TimeSpan.FromTicks(1), Bounded.Limit);
        client.Close();
        await server.Recorder.Ended(1);
        var connection = server.Recorder.Connections.Single();
        Assert.Equal((EndReason.PeerClosed, ""), (connection.EndReason, connection.Detail)); // so close_notify was sent
    }

    [Fact]
    public void A_server_is_trusted_by_its_issuer()
    {
        using var server = Start(TestCertificates.Server);
        using var client = Peers.Client(server.EndPoint, tls: TrustAuthority);

        AssertEchoes(client);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_client_that_trusts_the_root_needs_the_intermediate_certificate_of_the_server(bool sent)
    {
        var intermediate = TestCertificates.Issue("an intermediate", null, TestCertificates.Authority, authority: true);
        using var server = Start(
            TestCertificates.Issue("localhost", TestCertificates.ForServer, intermediate), tls => tls.Intermediates = sent ? [intermediate] : []);

        if (!sent)
        {
            AssertRefused(() => Peers.Client(server.EndPoint, tls: TrustAuthority), "is not trusted: its issuer (CN=an intermediate) is unknown.");
            return;
        }

        using var client = Peers.Client(server.EndPoint, tls: TrustAuthority);
        AssertEchoes(client);
    }

    [Fact]
    public void With_the_check_skipped_any_certificate_will_do()
    {
        using var server = Start(Bad("expired"));
        using var client = Peers.Client(server.EndPoint, tls: new EchoClientTls { SkipCertificateCheck = true, HostName = "another.example" });

        AssertEchoes(client);
    }

    [Theory]
    [InlineData("unknown issuer", "is not trusted: its issuer (CN=localhost) is unknown. If you trust it, give it or its issuer as TrustedCertificate.")]
    [InlineData("another issuer", "is not trusted: its issuer (CN=another authority) is unknown.")]
    [InlineData("expired", " UTC. Renew it, or correct this computer's clock.")]
    [InlineData("expired", "(CN=localhost) expired on ")]
    [InlineData("not yet valid", "is not valid before ")]
    [InlineData("wrong usage", "is not for a server")]
    [InlineData("another name", "is not for '127.0.0.1', but for 'another.example'. If that is the right server, give its name as TlsHostName.")]
    public async Task A_bad_certificate_is_refused_by_name_and_the_server_gets_no_message(string kind, string problem)
    {
        using var server = Start(Bad(kind));

        var error = AssertRefused(() => Peers.Client(server.EndPoint, tls: TrustAuthority), problem);
        Assert.DoesNotContain("both sides", error.Message, StringComparison.Ordinal); // the certificate is all that is wrong

        await server.Recorder.Ended(1);
        var connection = server.Recorder.Connections.Single();
        Assert.Equal(0, connection.BytesReceived);
        Assert.NotEqual("", connection.Detail);
    }

    [Fact]
    public void A_certificate_that_is_trusted_by_itself_must_still_be_in_time_and_have_the_name()
    {
        foreach (var (kind, problem) in new[] { ("expired", " expired on "), ("another name", "but for 'another.example'") })
        {
            using var server = Start(Bad(kind));
            AssertRefused(
                () => Peers.Client(server.EndPoint, tls: new EchoClientTls { TrustedCertificates = [server.Server.Certificate!] }), problem);
        }
    }

    [Fact]
    public void Without_trusted_certificates_those_of_this_computer_count()
    {
        using var server = Start(TestCertificates.Server);

        AssertRefused(() => Peers.Client(server.EndPoint, tls: new EchoClientTls()), "is not trusted");
    }

    [Fact]
    public void The_name_to_check_can_be_given()
    {
        using var server = Start(Bad("another name"));
        using var client = Peers.Client(
            server.EndPoint, tls: new EchoClientTls { TrustedCertificates = [TestCertificates.Authority], HostName = "another.example" });

        AssertEchoes(client);
    }

    [Fact]
    public void A_server_that_requires_a_certificate_gets_the_clients()
    {
        using var server = Start(TestCertificates.Server, tls => (tls.RequireClientCertificate, tls.TrustedClients) = (true, [TestCertificates.Authority]));
        using var client = Peers.Client(
            server.EndPoint,
            tls: new EchoClientTls { TrustedCertificates = [TestCertificates.Authority], ClientCertificate = TestCertificates.Client });

        AssertEchoes(client);
    }

    [Fact]
    public void A_client_without_the_certificate_that_the_server_requires_learns_so()
    {
        using var server = Start(TestCertificates.Server, tls => (tls.RequireClientCertificate, tls.TrustedClients) = (true, [TestCertificates.Authority]));

        var error = Assert.Throws<EchoException>(() =>
        {
            using var client = Peers.Client(server.EndPoint, tls: TrustAuthority);
            AssertEchoes(client); // with TLS 1.3 the client's own handshake was complete
        });

        // Linux: the server sends no alert. Windows: it does.
        Assert.True(error.Error is EchoError.ConnectionClosedEarly or EchoError.AuthenticationFailed);
        Assert.Contains("certificate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_echo_server_without_TLS_is_named()
    {
        using var server = new TestServer(new EchoServerOptions { Port = 0 }, new Recorder());

        AssertRefused(() => Peers.Client(server.EndPoint, tls: TrustAuthority),
            "The server does not speak TLS: it sent the client's own handshake back, as an echo server without TLS does. Check that ");

        await server.StopAsync();
    }

    [Theory]
    [InlineData("220 ready\r\n", "The server does not speak TLS: it began with '220 ready\\x0d\\x0a'.")]
    [InlineData("", "The server closed the connection at the start of the TLS handshake.")]
    public async Task A_server_without_TLS_is_named(string greeting, string problem)
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(System.Text.Encoding.ASCII.GetBytes(greeting));
            peer.Shutdown(SocketShutdown.Send);
            peer.Receive(new byte[4096]);
        });

        AssertRefused(() => Peers.Client(server.EndPoint, tls: TrustAuthority), problem);

        await server.Done.Soon();
    }

    [Fact]
    public async Task A_server_that_never_answers_is_a_ConnectionTimeout()
    {
        using var server = new ScriptedServer(peer =>
        {
            while (peer.Receive(new byte[4096]) > 0)
            {
            }
        });
        var options = new EchoClientOptions
        {
            Port = server.Port, Tls = TrustAuthority, ConnectionTimeout = TimeSpan.FromMilliseconds(200),
        };

        var error = Assert.Throws<EchoException>(() => EchoClient.Connect(options, TestContext.Current.CancellationToken));

        Assert.Equal(EchoError.ConnectionTimeout, error.Error);
        Assert.Contains("The TLS handshake", error.Message, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Fact]
    public async Task Cancelling_ends_a_handshake_at_once()
    {
        using var cancellation = new CancellationTokenSource();
        using var server = new ScriptedServer(peer =>
        {
            peer.Receive(new byte[4096]);
            cancellation.Cancel();
            while (peer.Receive(new byte[4096]) > 0)
            {
            }
        });

        Assert.ThrowsAny<OperationCanceledException>(() => Peers.Client(server.EndPoint, tls: TrustAuthority, cancellation: cancellation.Token));

        await server.Done.Soon();
    }

    [Fact]
    public async Task Cancelling_ends_an_exchange_at_once()
    {
        using var cancellation = new CancellationTokenSource();
        using var server = new ScriptedServer(peer =>
        {
            using var tls = Serve(peer);
            tls.ReadExactly(new byte[1]);
            cancellation.Cancel();
            tls.ReadAtLeast(new byte[1], 1, throwOnEndOfStream: false);
        });
        using var client = Peers.Client(server.EndPoint, tls: TrustAuthority, cancellation: cancellation.Token);

        Assert.ThrowsAny<OperationCanceledException>(() => AssertEchoes(client));

        await server.Done.Soon();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_is_cut_during_a_reply_is_told_from_one_that_was_closed(bool cut)
    {
        using var server = new ScriptedServer(peer =>
        {
            var tls = Serve(peer);
            tls.ReadExactly(new byte[5]);
            tls.Write("HE"u8);
            if (!cut)
                tls.ShutdownAsync().Get();
            peer.Shutdown(SocketShutdown.Send);
            peer.Receive(new byte[4096]);
        });
        using var client = Peers.Client(server.EndPoint, tls: TrustAuthority);

        var error = Assert.Throws<EchoException>(() => AssertEchoes(client));

        Assert.Equal(EchoError.ConnectionClosedEarly, error.Error);
        Assert.Contains("2 of 5 bytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(cut, error.Message.Contains("The server closed without a TLS close_notify", StringComparison.Ordinal));
        await server.Done.Soon();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cancelled_wait_for_a_reply_ends_with_close_notify(bool pipeline)
    {
        // The cancellation may come before the send has returned, which then ends without it.
        var closing = 0;
        for (var left = 20; closing == 0 && left > 0; left--)
            closing = await CancelWait(pipeline);

        Assert.InRange(closing, 20, 100); // one alert
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_pipeline_that_is_disposed_of_ends_with_close_notify(int messages)
    {
        // Its thread may not have returned from the last send, which then ends without it.
        var closing = 0;
        for (var left = 20; closing == 0 && left > 0; left--)
            closing = await DisposePipeline(messages);

        Assert.InRange(closing, 20, 100); // one alert
    }

    [Theory]
    [InlineData(EndBetween.Nothing)]
    [InlineData(EndBetween.CloseNotify)]
    [InlineData(EndBetween.Cut)]
    [InlineData(EndBetween.MoreBytes)]
    public async Task Between_two_messages_the_client_tells_what_came(EndBetween end)
    {
        using var proceed = new ManualResetEventSlim();
        using var server = new ScriptedServer(peer =>
        {
            var tls = Serve(peer);
            tls.ReadExactly(new byte[5]);
            tls.Write("HELLO"u8);
            if (end == EndBetween.MoreBytes)
                tls.Write("!"u8);
            if (end == EndBetween.CloseNotify)
                tls.ShutdownAsync().Get();
            if (end is EndBetween.CloseNotify or EndBetween.Cut)
                peer.Shutdown(SocketShutdown.Send);
            peer.Receive(new byte[4096]);
        });
        using var client = Peers.Client(server.EndPoint, tls: TrustAuthority);
        AssertEchoes(client);

        if (end == EndBetween.Nothing)
        {
            client.CheckIdle(); // the session tickets of TLS 1.3 are no data
        }
        else
        {
            EchoException? error = null;
            Bounded.Until(() => (error = Record.Exception(client.CheckIdle) as EchoException) is not null);
            Assert.Equal(end == EndBetween.MoreBytes ? EchoError.ReplyMismatch : EchoError.ConnectionClosedEarly, error!.Error);
            Assert.Equal(end == EndBetween.Cut, error.Message.Contains("without a TLS close_notify", StringComparison.Ordinal));
        }

        client.Dispose();
        await server.Done.Soon();
    }

    public enum EndBetween
    {
        Nothing,
        CloseNotify,
        Cut,
        MoreBytes,
    }

    private static X509Certificate2 Bad(string kind) => kind switch
    {
        "unknown issuer" => TestCertificates.Issue("localhost", TestCertificates.ForServer, null),
        "another issuer" => TestCertificates.Issue(
            "localhost", TestCertificates.ForServer, TestCertificates.Issue("another authority", null, null, authority: true)),
        "expired" => TestCertificates.Issue("localhost", TestCertificates.ForServer, TestCertificates.Authority, -1, 0),
        "not yet valid" => TestCertificates.Issue("localhost", TestCertificates.ForServer, TestCertificates.Authority, 1, 2),
        "wrong usage" => TestCertificates.Issue("localhost", TestCertificates.ForClient, TestCertificates.Authority),
        _ => TestCertificates.Issue("another.example", TestCertificates.ForServer, TestCertificates.Authority, withAddress: false),
    };

    // How many bytes came after the messages.
    private static async Task<int> DisposePipeline(int messages)
    {
        var closing = 0;
        using var server = new ScriptedServer(peer =>
        {
            var tls = Serve(peer);
            tls.ReadExactly(new byte[5 * messages]);
            tls.Write("HELLO"u8);
            for (int count; (count = peer.Receive(new byte[4096])) > 0;)
                closing += count;
        });
        using (var client = Peers.Client(server.EndPoint, tls: TrustAuthority))
        {
            var pipeline = client.StartPipeline(2);
            for (var i = 0; i < messages; i++)
                Assert.True(pipeline.TrySend("hello"u8.ToArray(), 5));
            Assert.True(pipeline.TryReceive(new byte[5], wait: true, out _, out _));
        }

        await server.Done.Soon();
        return closing;
    }

    // How many bytes came after the message.
    private static async Task<int> CancelWait(bool pipeline)
    {
        using var arrived = new ManualResetEventSlim();
        using var cancellation = new CancellationTokenSource();
        var closing = 0;
        using var server = new ScriptedServer(peer =>
        {
            Serve(peer).ReadExactly(new byte[5]);
            arrived.Set();
            for (int count; (count = peer.Receive(new byte[4096])) > 0;)
                closing += count;
        });
        using var client = Peers.Client(server.EndPoint, tls: TrustAuthority, cancellation: cancellation.Token);
        var waiting = Bounded.Start(() =>
        {
            if (!pipeline)
            {
                AssertEchoes(client);
                return;
            }

            var messages = client.StartPipeline(2);
            messages.TrySend("hello"u8.ToArray(), 5);
            messages.TryReceive(new byte[5], wait: true, out _, out _);
        });
        Assert.True(arrived.Wait(Bounded.Limit, TestContext.Current.CancellationToken));

        await cancellation.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting.Soon());
        await server.Done.Soon();
        return closing;
    }

    private static TestServer Start(X509Certificate2? certificate = null, Action<EchoServerTls>? configure = null)
    {
        var tls = new EchoServerTls { Certificate = certificate };
        configure?.Invoke(tls);
        return new TestServer(new EchoServerOptions { Port = 0, Tls = tls }, new Recorder());
    }

    // .NET's own TLS as the server.
    private static SslStream Serve(Socket peer)
    {
        var tls = new SslStream(new NetworkStream(peer));
        tls.AuthenticateAsServer(TestCertificates.Server, clientCertificateRequired: false, SslProtocols.None, checkCertificateRevocation: false);
        return tls;
    }

    private static void AssertEchoes(EchoClient client) => client.Exchange("hello"u8.ToArray(), 5, new byte[5]);

    private static EchoException AssertRefused(Action connect, params string[] problems)
    {
        var error = Assert.Throws<EchoException>(connect);
        Assert.Equal(EchoError.AuthenticationFailed, error.Error);
        Assert.True(problems.Any(problem => error.Message.Contains(problem, StringComparison.Ordinal)), error.Message);
        return error;
    }
}
