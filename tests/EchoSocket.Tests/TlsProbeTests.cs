using System;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The stage of the probe that only a path with TLS has.</summary>
public class TlsProbeTests
{
    private static readonly X509Certificate2 LongLived =
        TestCertificates.Issue("localhost", TestCertificates.ForServer, TestCertificates.LongLivedAuthority, toDays: 60);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_path_that_works_reports_the_handshake_and_warns_of_a_certificate_that_expires_soon(bool soon)
    {
        using var server = Start(soon ? TestCertificates.Server : LongLived);

        var report = Probe(server.EndPoint.Port);

        Assert.True(report.Success, report.Reason);
        Assert.True(report.TlsTime > TimeSpan.Zero);
        Assert.Equal("CN=localhost", report.Tls!.Subject);
        Assert.Equal(soon, report.Warning.StartsWith("The server's certificate (CN=localhost) expires within 30 days: at ", StringComparison.Ordinal));
        Assert.Equal(soon, report.Warning.Length > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_certificate_that_a_server_of_this_process_has_made_is_no_warning(bool trusted)
    {
        using var server = Start(null);
        var tls = trusted ? new EchoClientTls { TrustedCertificates = [server.Server.Certificate!] } : new EchoClientTls { SkipCertificateCheck = true };

        var report = PathProbe.Run(
            new EchoClientOptions { Port = server.EndPoint.Port, ConnectionTimeout = Bounded.Limit, Tls = tls }, TestContext.Current.CancellationToken);

        Assert.True(report.Success, report.Reason);
        Assert.InRange(report.Tls!.NotAfter - DateTime.UtcNow, TimeSpan.FromDays(6), TimeSpan.FromDays(8));
        Assert.Equal("", report.Warning);
    }

    [Theory]
    [InlineData("::ffff:127.0.0.1", null)]
    [InlineData("[::ffff:127.0.0.1]", null)]
    [InlineData("localhost", "::ffff:127.0.0.1")]
    public void An_IPv4_mapped_address_has_the_certificate_of_the_IPv4_address(string host, string? name)
    {
        using var server = Start(LongLived);

        var report = Probe(server.EndPoint.Port, host: host, name: name);

        Assert.True(report.Success, report.Reason);
    }

    [Theory]
    [InlineData("::1")]
    [InlineData("[::1]")]
    public void An_address_in_brackets_has_the_certificate_of_the_address(string host)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "no IPv6 here");
        using var server = new TestServer(new EchoServerOptions { Addresses = ["::1"], Port = 0, Tls = new EchoServerTls() }, new Recorder());

        var report = Probe(server.EndPoint.Port, host: host, trusted: server.Server.Certificate);

        Assert.True(report.Success, report.Reason);
    }

    [Fact]
    public void A_path_without_TLS_has_no_such_stage()
    {
        using var server = new TestServer(new EchoServerOptions { Port = 0 }, new Recorder());

        var report = PathProbe.Run("127.0.0.1", server.EndPoint.Port, Bounded.Limit);

        Assert.True(report.Success, report.Reason);
        Assert.Equal((null, null, ""), (report.TlsTime, report.Tls, report.Warning));
    }

    [Fact]
    public void A_certificate_that_is_not_trusted_fails_at_Tls()
    {
        using var server = Start(null);

        Check("is not trusted", Probe(server.EndPoint.Port));
    }

    [Fact]
    public void A_server_without_TLS_fails_at_Tls()
    {
        using var server = new TestServer(new EchoServerOptions { Port = 0 }, new Recorder());

        Check("does not speak TLS", Probe(server.EndPoint.Port));
    }

    [Fact]
    public async Task A_server_that_never_answers_fails_at_Tls_when_the_time_is_up()
    {
        using var server = new ScriptedServer(peer =>
        {
            while (peer.Receive(new byte[4096]) > 0)
            {
            }
        });

        Check("timed out", Probe(server.Port, TimeSpan.FromMilliseconds(300)));

        await server.Done.Soon();
    }

    private static TestServer Start(X509Certificate2? certificate) =>
        new(new EchoServerOptions { Port = 0, Tls = new EchoServerTls { Certificate = certificate } }, new Recorder());

    private static PathReport Probe(
        int port, TimeSpan? limit = null, string host = "127.0.0.1", string? name = null, X509Certificate2? trusted = null) => PathProbe.Run(
        new EchoClientOptions
        {
            Host = host,
            Port = port,
            ConnectionTimeout = limit ?? Bounded.Limit,
            Tls = new EchoClientTls
            {
                TrustedCertificates = trusted is null ? [TestCertificates.Authority, TestCertificates.LongLivedAuthority] : [trusted],
                HostName = name,
            },
        },
        TestContext.Current.CancellationToken);

    private static void Check(string reason, PathReport report)
    {
        Assert.Equal((false, EchoPathStage.Tls), (report.Success, report.FailedStage));
        Assert.Contains(reason, report.Reason, StringComparison.Ordinal);
        Assert.True(report.ConnectTime > TimeSpan.Zero);
        Assert.Equal((null, null, null), (report.TlsTime, report.FirstByteTime, report.EchoTime));
    }
}
