using System;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>TLS where a second thread or the host is needed. Pester tests the rest.</summary>
public class TlsTests
{
    private const string Thumbprint = "The server's certificate is CN=localhost, SHA-256 thumbprint ([0-9A-F]{64})\\.";

    [Theory]
    [InlineData("", " for one client")]
    [InlineData("-KeepListening", "")]
    public void A_server_in_the_foreground_says_its_thumbprint_at_the_terminal(string parameters, string clients)
    {
        var host = new ScriptedHost();
        using var engine = new Engine(host);
        using var running = engine.Begin($"Start-EchoServer -UseTls -Port 0 {parameters}");
        Match? said = null;
        Bounded.Until(() => (said = Regex.Match(host.Text, $"\\AListening on 127\\.0\\.0\\.1:(\\d+) with TLS{clients}\\. Press Ctrl\\+C to stop\\.\n{Thumbprint}\n\\z")).Success);

        using var peer = Peers.Call(int.Parse(said!.Groups[1].Value, CultureInfo.InvariantCulture));
        using var tls = Authenticate(peer);

        Assert.Equal(tls.RemoteCertificate!.GetCertHashString(HashAlgorithmName.SHA256), said.Groups[2].Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-Verbose")]
    public void A_job_says_its_thumbprint_once_and_has_it(string parameters)
    {
        var host = new ScriptedHost();
        using var engine = new Engine(host);

        var result = engine.Run($"$job = Start-EchoServer -UseTls -AsJob -Port 0 {parameters}; $job.CertificateThumbprint; $job.Certificate.GetCertHashString('SHA256'); Remove-Job $job -Force");

        var said = Regex.Matches(host.Text, Thumbprint).Select(match => match.Groups[1].Value);
        Assert.Equal([result.Strings[0]], said);
        Assert.Equal(result.Strings[0], result.Strings[1]);
    }

    [Fact]
    public void A_plain_client_ends_with_a_sentence_in_the_output_and_in_the_verbose_stream_and_the_server_goes_on()
    {
        const string Sentence = @"The client does not speak TLS: it began with 'GET / HTTP/1.0\x0d\x0a\x0d\x0a'.";
        using var server = new BackgroundServer("-UseTls -KeepListening");
        using (var plain = Peers.Call(server.Port))
        {
            plain.Send("GET / HTTP/1.0\r\n\r\n"u8);
            server.Running.Until(r => r.Output.Count == 1);
        }

        Assert.Matches($"^{Thumbprint}$", server.Running.Verbose[1]);
        var connection = server.Running.Output[0];
        Assert.Equal(("Faulted", Sentence), (connection.Properties["EndReason"].Value, connection.Properties["Detail"].Value));
        Assert.Contains(server.Running.Verbose, v => v.Contains($": Faulted ({Sentence}); received 0 bytes, sent 0 bytes.", StringComparison.Ordinal));
        using var peer = Peers.Call(server.Port);
        using var tls = Authenticate(peer);
        AssertEchoes(tls);
    }

    [Fact]
    public void A_plain_client_is_the_one_client_of_a_server_of_one()
    {
        using var server = new BackgroundServer("-UseTls");
        using var plain = Peers.Call(server.Port);
        plain.Send("hello"u8);

        var connection = server.Connection();

        Assert.Equal("The client does not speak TLS: it began with 'hello'.", connection.Properties["Detail"].Value);
    }

    [Fact]
    public void A_client_that_stalls_in_the_handshake_ends_when_its_time_is_up_and_delays_no_other()
    {
        using var server = new BackgroundServer("-UseTls -KeepListening -HandshakeTimeoutSeconds 2");
        using var stalling = Peers.Call(server.Port);
        stalling.Send([0x16, 3, 1]);
        using (var peer = Peers.Call(server.Port))
        {
            using var tls = Authenticate(peer);
            AssertEchoes(tls);
            server.Running.Until(r => r.Output.Count == 1);
            AssertEchoes(tls);
        }

        var connection = server.Running.Output[0];
        Assert.Equal($"{stalling.LocalEndPoint}", connection.Properties["RemoteEndPoint"].Value);
        Assert.Equal(
            ("Faulted", "The client did not complete the TLS handshake within 2 s."),
            (connection.Properties["EndReason"].Value, connection.Properties["Detail"].Value));
    }

    [Fact]
    public void A_session_over_TLS_says_so_and_shows_the_replies()
    {
        var host = new ScriptedHost("hello", "exit");
        using var engine = new Engine(host);

        var result = engine.Run("$job = Start-EchoServer -UseTls -AsJob -Port 0; $job | Enter-EchoSession; $job.Port; Receive-Job $job -Wait");

        Assert.EndsWith(
            $"Connected to 127.0.0.1:{result.Output[0]} over TLS. Type exit or press Ctrl+C to leave.\n>>>: HELLO\n>>>: ", host.Text, StringComparison.Ordinal);
        Assert.Equal("PeerClosed", result.Output[1].Properties["EndReason"].Value);
    }

    [Theory]
    [InlineData("Send-EchoMessage hi -Port $args[0] -ConnectionTimeoutSeconds 100 -UseTls")]
    [InlineData("Enter-EchoSession -Port $args[0] -ConnectionTimeoutSeconds 100 -UseTls")]
    [InlineData("Test-EchoServer -Port $args[0] -TimeoutSeconds 100 -UseTls")]
    public void Ctrl_C_ends_a_client_in_the_handshake_at_once(string script)
    {
        var received = new TaskCompletionSource();
        using var peer = new ScriptedServer(client =>
        {
            client.ReadExactly(5);
            received.SetResult();
            while (client.Receive(new byte[4096]) > 0)
            {
            }
        });
        using var engine = new Engine(new ScriptedHost());
        using var running = engine.Begin(script, peer.Port);
        received.Task.Get();

        running.Stop();

        Assert.IsType<PipelineStoppedException>(running.End(Bounded.Promptly).Ended);
        peer.Done.Get(Bounded.Promptly);
    }

    [Theory]
    [InlineData("alert", "The server and this side have no TLS version or cipher suite in common")]
    [InlineData("plain", @"The server does not speak TLS: it began with '220 ready\x0d\x0a'.")]
    [InlineData("cut", "The server closed the connection at the start of the TLS handshake.")]
    public void A_server_without_the_right_TLS_is_an_error_that_says_so(string does, string says)
    {
        Action<Socket> script = client =>
        {
            client.ReadExactly(5);
            if (does == "alert")
                client.Send([0x15, 3, 3, 0, 2, 2, 70]); // protocol_version (RFC 8446, section 6.2)
            if (does == "plain")
                client.Send("220 ready\r\n"u8);
            client.Shutdown(SocketShutdown.Send);
            while (client.Receive(new byte[4096]) > 0)
            {
            }
        };
        using var peer = new ScriptedServer(script, script, script);
        using var engine = new Engine(new ScriptedHost());

        foreach (var cmdlet in new[] { "Send-EchoMessage hi", "Enter-EchoSession" })
        {
            var error = engine.Terminating($"{cmdlet} -UseTls -Port $args[0]", peer.Port);
            Assert.Equal(("AuthenticationFailed", "AuthenticationError"), (error.Id(), $"{error.CategoryInfo.Category}"));
            Assert.Contains(says, error.Exception.Message, StringComparison.Ordinal);
        }

        var report = engine.Run("Test-EchoServer -Detailed -UseTls -Port $args[0]", peer.Port).Output.Single();
        Assert.Equal("Tls", report.Properties["FailedStage"].Value);
        Assert.Contains(says, $"{report.Properties["Reason"].Value}", StringComparison.Ordinal);
        peer.Done.Get();
    }

    [Fact]
    public void The_name_to_check_is_sent_to_the_server()
    {
        string? told = null;
        using var peer = new ScriptedServer(client =>
        {
            using var tls = new SslStream(new NetworkStream(client));
            tls.AuthenticateAsServer(new SslServerAuthenticationOptions
            {
                ServerCertificateSelectionCallback = (_, name) =>
                {
                    told = name;
                    return TestCertificates.Server;
                },
            });
            tls.ReadAtLeast(new byte[1], 1, throwOnEndOfStream: false);
        });
        using var engine = new Engine();

        var error = engine.Terminating("Send-EchoMessage hi -UseTls -TlsHostName server1.example -Port $args[0] -TrustedCertificate $args[1]", peer.Port, TestCertificates.Authority);

        Assert.Equal("server1.example", told);
        Assert.Contains("The server's certificate is not for 'server1.example', but for 'localhost', '127.0.0.1'.", error.Exception.Message, StringComparison.Ordinal);
    }

    private static SslStream Authenticate(Socket peer)
    {
        var tls = new SslStream(new NetworkStream(peer), leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate?.Subject == "CN=localhost");
        tls.AuthenticateAsClient("localhost");
        return tls;
    }

    private static void AssertEchoes(SslStream tls)
    {
        tls.Write("hello"u8);
        var reply = new byte[5];
        tls.ReadExactly(reply);
        Assert.Equal("HELLO"u8.ToArray(), reply);
    }
}
