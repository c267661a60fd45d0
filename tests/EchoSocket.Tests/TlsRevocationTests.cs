using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Certificates that are revoked, and when the network is asked about that.</summary>
public sealed class TlsRevocationTests : IDisposable
{
    private readonly WebServer _web = new();

    public void Dispose()
    {
        _web.Dispose();
        RemoveFromCache(_web.Content);
    }

    [Fact]
    public void A_revoked_certificate_is_refused_by_name()
    {
        using var server = Start(Certificate());
        Publish(server.Server.Certificate!);

        AssertRefused(server, "The server's certificate (CN=localhost) is revoked.");
    }

    [Fact]
    public void A_certificate_whose_issuer_is_revoked_is_refused_by_both_names()
    {
        var issuer = TestCertificates.Issue("an intermediate", null, TestCertificates.Authority, authority: true, extension: ListAddress());
        var certificate = TestCertificates.Issue("localhost", TestCertificates.ForServer, issuer);
        using var server = Start(certificate, issuer);
        Publish(issuer);

        AssertRefused(server, "The server's certificate (CN=localhost) has an issuer (CN=an intermediate) that is revoked.");
    }

    [Fact]
    public void A_certificate_that_is_not_revoked_is_accepted()
    {
        using var server = Start(Certificate());
        Publish(null);

        using var client = Connect(server);

        AssertEchoes(client);
        Assert.Equal(1, _web.Requests);
    }

    [Fact]
    public void A_certificate_without_an_address_to_ask_is_refused()
    {
        using var server = Start(TestCertificates.Server);

        AssertRefused(server, "The server's certificate (CN=localhost) may be revoked: that could not be checked");
    }

    [Fact]
    public void A_self_signed_certificate_needs_no_check()
    {
        using var server = Start(TestCertificates.Issue("localhost", TestCertificates.ForServer, null));
        using var client = Peers.Client(
            server.EndPoint, tls: new EchoClientTls { TrustedCertificates = [server.Server.Certificate!], CheckRevocation = true });

        AssertEchoes(client);
    }

    [Fact]
    public void An_issuer_that_does_not_answer_delays_the_handshake_no_longer_than_allowed()
    {
        using var server = Start(Certificate());
        var options = Options(server);
        options.ConnectionTimeout = TimeSpan.FromSeconds(1);
        var clock = Stopwatch.StartNew();

        var error = Assert.Throws<EchoException>(() => EchoClient.Connect(options, TestContext.Current.CancellationToken));

        Assert.Equal(EchoError.AuthenticationFailed, error.Error);
        Assert.Contains("The server's certificate (CN=localhost) may be revoked: ", error.Message, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Cancelling_does_not_wait_for_an_issuer_that_does_not_answer()
    {
        using var server = Start(Certificate());
        using var stop = new CancellationTokenSource();
        var options = Options(server);
        options.ConnectionTimeout = TimeSpan.FromHours(1);
        var connecting = Bounded.Start(() => EchoClient.Connect(options, stop.Token));
        Bounded.Until(() => _web.Requests > 0);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.Soon(Bounded.Promptly));
    }

    [Fact]
    public void Nobody_is_asked_unless_the_user_wants_it()
    {
        using var server = Start(Certificate());
        Publish(server.Server.Certificate!);

        foreach (var tls in new[] { Trusting(check: false), new EchoClientTls { SkipCertificateCheck = true, CheckRevocation = true } })
        {
            using var client = Peers.Client(server.EndPoint, tls: tls);
            AssertEchoes(client);
        }

        Assert.Equal(0, _web.Requests);
    }

    [Fact]
    public async Task A_measurement_and_a_probe_refuse_a_revoked_certificate_too()
    {
        using var server = Start(Certificate());
        Publish(server.Server.Certificate!);
        var options = new EchoMeterOptions { Port = server.EndPoint.Port, Tls = Trusting(check: true), Connections = 3 };

        var result = await Bounded.Start(() => new EchoMeter(options).Run(TestContext.Current.CancellationToken)).Soon();
        var report = PathProbe.Run(options, TestContext.Current.CancellationToken);

        Assert.Equal(3, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.AuthenticationFailed)).Value);
        Assert.Contains("is revoked.", result.Detail, StringComparison.Ordinal);
        Assert.Equal(EchoPathStage.Tls, report.FailedStage);
        Assert.Contains("is revoked.", report.Reason, StringComparison.Ordinal);
    }

    // A certificate may say where its issuer's is. A server that fetched it would let each client stall all others.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_missing_issuer_is_not_downloaded(bool ofClient)
    {
        var issuer = TestCertificates.Issue("a missing issuer", null, TestCertificates.Authority, authority: true);
        _web.Content = issuer.RawData;
        var certificate = TestCertificates.Issue(
            "localhost", ofClient ? TestCertificates.ForClient : TestCertificates.ForServer, issuer,
            extension: new X509AuthorityInformationAccessExtension([], [_web.Address]));
        using var server = Start(ofClient ? TestCertificates.Server : certificate);
        const string Problem = "its issuer (CN=a missing issuer) is unknown";
        if (ofClient)
        {
            var options = TestClient.Options();
            options.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true);
            using var client = TestClient.Connect(server.EndPoint, options); // TLS 1.3: it learns of the refusal later
            await server.Recorder.Ended(1);
            Assert.Contains(Problem, server.Recorder.Connections.Single().Detail, StringComparison.Ordinal);
        }
        else
        {
            var error = Assert.Throws<EchoException>(() => Peers.Client(server.EndPoint, tls: Trusting(check: false)));
            Assert.Contains(Problem, error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, _web.Requests);
    }

    private static TestServer Start(X509Certificate2 certificate, params X509Certificate2[] intermediates) =>
        new(
            new EchoServerOptions
            {
                Port = 0,
                Tls = new EchoServerTls
                {
                    Certificate = certificate,
                    Intermediates = intermediates,
                    RequireClientCertificate = certificate == TestCertificates.Server,
                    TrustedClients = [TestCertificates.Authority],
                },
            },
            new Recorder());

    private static EchoClientTls Trusting(bool check) => new()
    {
        TrustedCertificates = [TestCertificates.Authority],
        CheckRevocation = check,
        ClientCertificate = TestCertificates.Client,
    };

    private static EchoClientOptions Options(TestServer server) => new() { Port = server.EndPoint.Port, Tls = Trusting(check: true) };

    private static EchoClient Connect(TestServer server) => EchoClient.Connect(Options(server), TestContext.Current.CancellationToken);

    private static void AssertEchoes(EchoClient client) => client.Exchange("hello"u8.ToArray(), 5, new byte[5]);

    private static void AssertRefused(TestServer server, string problem)
    {
        var error = Assert.Throws<EchoException>(() => Connect(server).Dispose());
        Assert.Equal(EchoError.AuthenticationFailed, error.Error);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private X509Certificate2 Certificate() =>
        TestCertificates.Issue("localhost", TestCertificates.ForServer, TestCertificates.Authority, extension: ListAddress());

    private X509Extension ListAddress() => CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([_web.Address]);

    // The authority's list of revoked certificates: this one, or none.
    private void Publish(X509Certificate2? revoked)
    {
        var list = new CertificateRevocationListBuilder();
        if (revoked is not null)
            list.AddEntry(revoked);
        _web.Content = list.Build(
            TestCertificates.Authority, 1, DateTimeOffset.UtcNow.AddDays(1), HashAlgorithmName.SHA256, thisUpdate: DateTimeOffset.UtcNow.AddHours(-1));
    }

    // On Linux .NET stores each list in the user's profile.
    private static void RemoveFromCache(byte[]? list)
    {
        var folder = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".dotnet", "corefx", "cryptography", "crls");
        if (list is null || !Directory.Exists(folder))
            return;

        var text = Convert.ToBase64String(list);
        foreach (var file in Directory.GetFiles(folder, "*.crl").Where(f => File.ReadAllText(f).ReplaceLineEndings("").Contains(text, StringComparison.Ordinal)))
            File.Delete(file);
    }
}
