using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EchoSocket.Benchmarks;

/// <summary>
/// The servers with TLS to compare. The environment says what they have in common: PORT (none: a free one), and PFX, the
/// file of the certificate with its key.
/// </summary>
internal static class TlsServers
{
    public const string Ours = "EchoSocket TLS";
    public const string C = "C OpenSSL";
    public const string Kestrel = "Kestrel TLS";

    public static int Port => int.Parse(Environment.GetEnvironmentVariable("PORT") ?? "0", CultureInfo.InvariantCulture);

    public static X509Certificate2 Certificate() =>
        X509CertificateLoader.LoadPkcs12FromFile(Environment.GetEnvironmentVariable("PFX")!, password: null);

    public static void ServeOurs(Action<int> listening)
    {
        var options = new EchoServerOptions { Port = Port, Backlog = 4096, Tls = new EchoServerTls { Certificate = Certificate() } };
        using var server = EchoServer.Listen(options);
        listening(server.LocalEndPoint.Port);
        server.ServeMany();
    }

    /// <summary>A certificate of localhost with its key, as files for all servers.</summary>
    public sealed class CertificateFiles : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();
        private readonly string _pfx;

        public CertificateFiles()
        {
            (Certificate, Key, _pfx) = (PathOf("certificate.pem"), PathOf("key.pem"), PathOf("certificate.pfx"));
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
            using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            File.WriteAllText(Certificate, certificate.ExportCertificatePem());
            File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());
            File.WriteAllBytes(_pfx, certificate.Export(X509ContentType.Pkcs12));
        }

        public string Certificate { get; }

        public string Key { get; }

        /// <summary>Tells a server of this program where the certificate is.</summary>
        public ProcessStartInfo AddTo(ProcessStartInfo start)
        {
            start.Environment["PFX"] = _pfx;
            start.Environment.Remove("PORT");
            return start;
        }

        public void Dispose() => _folder.Delete(recursive: true);

        private string PathOf(string name) => Path.Combine(_folder.FullName, name);
    }
}
