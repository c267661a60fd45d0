using System;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Both sides against other people's programs.</summary>
public sealed class TlsInteroperationTests(CertificateFiles files) : IClassFixture<CertificateFiles>
{
    [Theory]
    [InlineData("-tls1_2", false)]
    [InlineData("-tls1_2", true)]
    [InlineData("-tls1_3", false)]
    [InlineData("-tls1_3", true)]
    public async Task Openssl_s_client_is_served(string version, bool mutual)
    {
        using var server = Start(mutual);
        using var client = new PeerProgram("openssl", [
            "s_client", "-connect", $"127.0.0.1:{Port(server)}", version, "-quiet", "-no_ign_eof",
            "-CAfile", files.Authority, "-verify_return_error", "-verify_hostname", "localhost",
            .. mutual ? new[] { "-cert", files.ClientCertificate, "-key", files.ClientKey } : []]);

        await AssertIsServed(server, client);
    }

    [Theory]
    [InlineData("TLS1.2", false)]
    [InlineData("TLS1.2", true)]
    [InlineData("TLS1.3", false)]
    [InlineData("TLS1.3", true)]
    public async Task Socat_is_served(string version, bool mutual)
    {
        using var server = Start(mutual);
        var own = mutual ? $",cert={files.ClientCertificate},key={files.ClientKey}" : "";
        using var client = new PeerProgram(
            "socat", "-",
            $"OPENSSL:127.0.0.1:{Port(server)},cafile={files.Authority},commonname=localhost,openssl-min-proto-version={version},openssl-max-proto-version={version}{own}");

        await AssertIsServed(server, client);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ncat_is_served(bool mutual)
    {
        using var server = Start(mutual);
        using var client = new PeerProgram("ncat", [
            "--ssl", "--ssl-verify", "--ssl-trustfile", files.Authority, "localhost", Port(server), "-4",
            .. mutual ? new[] { "--ssl-cert", files.ClientCertificate, "--ssl-key", files.ClientKey } : []]);

        await AssertIsServed(server, client, detail: "The client closed without a TLS close_notify: it sends none, or the connection was cut.");
    }

    [Theory]
    [InlineData("-tls1_2", false)]
    [InlineData("-tls1_2", true)]
    [InlineData("-tls1_3", false)]
    [InlineData("-tls1_3", true)]
    public void Openssl_s_server_is_understood(string version, bool mutual)
    {
        var port = PeerProgram.FreePort();
        using var server = new PeerProgram("openssl", [
            "s_server", "-accept", $"127.0.0.1:{port}", version, "-rev", "-naccept", "1",
            "-cert", files.ServerCertificate, "-key", files.ServerKey,
            .. mutual ? new[] { "-Verify", "1", "-verify_return_error", "-CAfile", files.Authority } : []]);

        AssertUnderstands(port, mutual, "olleh\n", version == "-tls1_2" ? "Tls12" : "Tls13");
    }

    [Theory]
    [InlineData("TLS1.2", false)]
    [InlineData("TLS1.2", true)]
    [InlineData("TLS1.3", false)]
    [InlineData("TLS1.3", true)]
    public void Socat_as_a_server_is_understood(string version, bool mutual)
    {
        var port = PeerProgram.FreePort();
        using var server = new PeerProgram(
            "socat",
            $"OPENSSL-LISTEN:{port},bind=127.0.0.1,cert={files.ServerCertificate},key={files.ServerKey},cafile={files.Authority}," +
            $"verify={(mutual ? 1 : 0)},openssl-min-proto-version={version},openssl-max-proto-version={version}",
            "EXEC:cat");

        AssertUnderstands(port, mutual, "hello\n", version == "TLS1.2" ? "Tls12" : "Tls13");
    }

    [Fact]
    public void Ncat_as_a_server_is_understood()
    {
        var port = PeerProgram.FreePort();
        using var server = new PeerProgram(
            "ncat", "--ssl", "--ssl-cert", files.ServerCertificate, "--ssl-key", files.ServerKey, "-l", "127.0.0.1", port, "--exec", "/bin/cat");

        AssertUnderstands(port, mutual: false, "hello\n", null);
    }

    [Fact]
    public void A_server_that_requires_a_certificate_says_so()
    {
        var port = PeerProgram.FreePort();
        using var server = new PeerProgram(
            "openssl", "s_server", "-accept", $"127.0.0.1:{port}", "-rev", "-cert", files.ServerCertificate, "-key", files.ServerKey,
            "-Verify", "1", "-verify_return_error", "-CAfile", files.Authority);

        var error = Assert.Throws<EchoException>(() =>
        {
            using var client = Connect(port, new EchoClientTls { TrustedCertificates = [TestCertificates.Authority] });
            client.Exchange("hello\n"u8.ToArray(), 6, new byte[6]);
        });

        Assert.Equal(EchoError.AuthenticationFailed, error.Error);
        Assert.True(error.Message.Contains("The server requires a certificate", StringComparison.Ordinal), error.ToString());
    }

    [Fact]
    public void A_server_with_another_version_of_TLS_is_named()
    {
        var port = PeerProgram.FreePort();
        using var server = new PeerProgram(
            "openssl", "s_server", "-accept", $"127.0.0.1:{port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-rev",
            "-cert", files.ServerCertificate, "-key", files.ServerKey);

        var error = Assert.Throws<EchoException>(() => Connect(port, new EchoClientTls { SkipCertificateCheck = true }).Dispose());

        Assert.Equal(EchoError.AuthenticationFailed, error.Error);
        Assert.Contains("no TLS version or cipher suite in common", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_with_an_older_version_of_TLS_is_Faulted_by_name()
    {
        using var server = Start(mutual: false);
        using var client = new PeerProgram(
            "openssl", "s_client", "-connect", $"127.0.0.1:{Port(server)}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0");
        client.WaitForExit();

        await server.Recorder.Ended(1);
        var connection = server.Recorder.Connections.Single();
        Assert.Equal(EndReason.Faulted, connection.EndReason);
        Assert.Contains("no TLS version or cipher suite in common", connection.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_does_not_trust_the_server_is_Faulted_by_name()
    {
        using var server = Start(mutual: false);
        using var client = new PeerProgram(
            "openssl", "s_client", "-connect", $"127.0.0.1:{Port(server)}", "-verify_return_error", "-CAfile", files.ClientCertificate);
        client.WaitForExit();

        await server.Recorder.Ended(1);
        var connection = server.Recorder.Connections.Single();
        Assert.Equal(EndReason.Faulted, connection.EndReason);
        Assert.Contains("The client did not accept the certificate of this side", connection.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_keys_are_agreed_on_as_often_as_the_client_likes()
    {
        using var server = Start(mutual: false);
        using var client = new PeerProgram("openssl", "s_client", "-connect", $"127.0.0.1:{Port(server)}", "-tls1_3", "-CAfile", files.Authority);
        for (var i = 0; i < 20; i++)
        {
            client.Write(i % 2 == 0 ? "k\n" : "K\n"); // K asks the server for new keys, too
            client.ReadUntil("KEYUPDATE");
            client.Write($"hello {i}\n");
            client.ReadUntil($"HELLO {i}");
        }

        client.Write("Q\n");
        client.WaitForExit();
        await server.Recorder.Ended(1);
        Assert.Equal(EndReason.PeerClosed, server.Recorder.Connections.Single().EndReason);
    }

    [Fact]
    public async Task A_renegotiation_is_refused_and_the_server_goes_on()
    {
        using var server = Start(mutual: false);
        using var client = new PeerProgram("openssl", "s_client", "-connect", $"127.0.0.1:{Port(server)}", "-tls1_2", "-CAfile", files.Authority);
        client.Write("hello\n");
        client.ReadUntil("HELLO");

        client.Write("R\n");
        client.WaitForExit(); // s_client gives up

        await server.Recorder.Ended(1);
        using var next = Peers.Client(server.EndPoint, tls: new EchoClientTls { TrustedCertificates = [TestCertificates.Authority] });
        next.Exchange("hello"u8.ToArray(), 5, new byte[5]);
    }

    [Fact]
    public void A_renegotiation_that_the_server_wants_is_refused_at_once()
    {
        var port = PeerProgram.FreePort();
        using var server = new PeerProgram(
            "openssl", "s_server", "-accept", $"127.0.0.1:{port}", "-tls1_2", "-cert", files.ServerCertificate, "-key", files.ServerKey);
        using var client = Connect(port, new EchoClientTls { TrustedCertificates = [TestCertificates.Authority] });
        var exchange = Bounded.Start(() => Assert.Throws<EchoException>(() => client.Exchange("hello\n"u8.ToArray(), 6, new byte[6])));
        server.ReadUntil("hello");

        server.Write("r\n");

        var error = exchange.Get(TimeSpan.FromSeconds(10)); // the message itself may take 30
        Assert.Equal(EchoError.AuthenticationFailed, error.Error);
        Assert.Contains("The server asked for a renegotiation, which this side refuses.", error.Message, StringComparison.Ordinal);
    }

    // The order of the certificates does not matter, and the root is not sent.
    [Fact]
    public async Task A_client_that_knows_the_root_only_gets_the_intermediate_certificates()
    {
        var one = TestCertificates.Issue("intermediate one", null, TestCertificates.Authority, authority: true);
        var two = TestCertificates.Issue("intermediate two", null, one, authority: true);
        var tls = new EchoServerTls
        {
            Certificate = TestCertificates.Issue("localhost", TestCertificates.ForServer, two),
            Intermediates = [TestCertificates.Authority, one, two],
        };
        using var server = new TestServer(new EchoServerOptions { Port = 0, Tls = tls }, new Recorder());
        using var client = new PeerProgram(
            "openssl", "s_client", "-connect", $"127.0.0.1:{Port(server)}", "-showcerts", "-no_ign_eof",
            "-CAfile", files.Authority, "-verify_return_error", "-verify_hostname", "localhost");

        client.ReadUntil(" 2 s:CN = intermediate one");
        client.ReadUntil("Verify return code: 0 (ok)", but: " 3 s:CN = an authority");
        await AssertIsServed(server, client);
    }

    [Theory]
    [InlineData("-tls1_2", false)]
    [InlineData("-tls1_2", true)]
    [InlineData("-tls1_3", false)]
    [InlineData("-tls1_3", true)]
    public void An_answer_of_the_issuer_that_the_server_sends_is_enough_to_check_for_revocation(string version, bool revoked)
    {
        var (index, answer, port) = (files.NewFile(), files.NewFile(), PeerProgram.FreePort());
        var serial = TestCertificates.Server.SerialNumber;
        System.IO.File.WriteAllText(
            index, (revoked ? "R\t491231000000Z\t250101000000Z\t" : "V\t491231000000Z\t\t") + $"{serial}\tunknown\t/CN=localhost\n");
        using (var issuer = new PeerProgram(
            "openssl", "ocsp", "-index", index, "-CA", files.Authority, "-rsigner", files.Authority, "-rkey", files.AuthorityKey,
            "-issuer", files.Authority, "-cert", files.ServerCertificate, "-respout", answer, "-ndays", "1"))
        {
            issuer.WaitForExit();
        }

        using var server = new PeerProgram(
            "openssl", "s_server", "-accept", $"127.0.0.1:{port}", version, "-rev",
            "-cert", files.ServerCertificate, "-key", files.ServerKey, "-status_file", answer);
        var tls = new EchoClientTls { TrustedCertificates = [TestCertificates.Authority], CheckRevocation = true };

        if (revoked)
        {
            var error = Assert.Throws<EchoException>(() => Connect(port, tls).Dispose());
            Assert.Equal(EchoError.AuthenticationFailed, error.Error);
            Assert.Contains("The server's certificate (CN=localhost) is revoked.", error.Message, StringComparison.Ordinal);
            return;
        }

        using var client = Connect(port, tls);
        client.Exchange("hello\n"u8.ToArray(), 6, new byte[6]);
    }

    private static TestServer Start(bool mutual)
    {
        var tls = new EchoServerTls { Certificate = TestCertificates.Server, RequireClientCertificate = mutual };
        if (mutual)
            tls.TrustedClients = [TestCertificates.Authority];
        return new TestServer(new EchoServerOptions { Port = 0, Tls = tls }, new Recorder());
    }

    private static string Port(TestServer server) => server.EndPoint.Port.ToString(CultureInfo.InvariantCulture);

    private static async Task AssertIsServed(TestServer server, PeerProgram client, string detail = "")
    {
        client.Write("hello\n");
        client.ReadUntil("HELLO");
        client.Close();

        await server.Recorder.Ended(1);
        var connection = server.Recorder.Connections.Single();
        Assert.Equal((EndReason.PeerClosed, detail, 6L, 6L), (connection.EndReason, connection.Detail, connection.BytesReceived, connection.BytesSent));
    }

    private static void AssertUnderstands(string port, bool mutual, string reply, string? protocol)
    {
        using var client = Connect(port, new EchoClientTls
        {
            TrustedCertificates = [TestCertificates.Authority],
            ClientCertificate = mutual ? TestCertificates.Client : null,
        });
        var buffer = new byte[6];

        client.Exchange("hello\n"u8.ToArray(), 6, buffer);

        Assert.Equal(reply, Encoding.ASCII.GetString(buffer));
        if (protocol is not null)
            Assert.Equal(protocol, client.Tls!.Protocol);
        client.Close();
    }

    // A program does not say when it listens.
    private static EchoClient Connect(string port, EchoClientTls tls)
    {
        EchoClient? client = null;
        Bounded.Until(() =>
        {
            try
            {
                client = EchoClient.Connect(new EchoClientOptions { Port = int.Parse(port, CultureInfo.InvariantCulture), Tls = tls, AnyReply = true });
                return true;
            }
            catch (EchoException e) when (e.Error == EchoError.ConnectionRefused)
            {
                return false;
            }
        });
        return client!;
    }
}
