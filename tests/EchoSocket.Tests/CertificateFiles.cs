using System;
using System.IO;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EchoSocket.Tests;

/// <summary>The test certificates as files.</summary>
public sealed class CertificateFiles : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("echosocket-tests-").FullName;

    public CertificateFiles()
    {
        Authority = Write("authority.pem", TestCertificates.Authority.ExportCertificatePem());
        (ServerCertificate, ServerKey) = WriteBoth("server", TestCertificates.Server);
        (ClientCertificate, ClientKey) = WriteBoth("client", TestCertificates.Client);
    }

    public string Authority { get; }

    public string ServerCertificate { get; }

    public string ServerKey { get; }

    public string ClientCertificate { get; }

    public string ClientKey { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private (string, string) WriteBoth(string name, X509Certificate2 certificate) => (
        Write($"{name}.pem", certificate.ExportCertificatePem()),
        Write($"{name}-key.pem", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()));

    private string Write(string name, string text)
    {
        var file = Path.Combine(_folder, name);
        File.WriteAllText(file, text, Encoding.ASCII);
        return file;
    }
}
