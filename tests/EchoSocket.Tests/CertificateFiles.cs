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
        AuthorityKey = Write("authority-key.pem", TestCertificates.Authority.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        (ServerCertificate, ServerKey) = WriteBoth("server", TestCertificates.Server);
        (ClientCertificate, ClientKey) = WriteBoth("client", TestCertificates.Client);
    }

    public string Authority { get; }

    public string AuthorityKey { get; }

    public string ServerCertificate { get; }

    public string ServerKey { get; }

    public string ClientCertificate { get; }

    public string ClientKey { get; }

    /// <summary>The path of a file in a folder that is deleted after the tests.</summary>
    public string NewFile() => Path.Combine(_folder, Guid.NewGuid().ToString("N"));

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
