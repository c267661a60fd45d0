using System;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EchoSocket.Tests;

/// <summary>Certificates of every kind, good and bad, made with .NET's own class.</summary>
internal static class TestCertificates
{
    public const string ForServer = "1.3.6.1.5.5.7.3.1";
    public const string ForClient = "1.3.6.1.5.5.7.3.2";

    public static X509Certificate2 Authority { get; } = Issue("an authority", null, null, authority: true);

    public static X509Certificate2 LongLivedAuthority { get; } = Issue("a long-lived authority", null, null, toDays: 100, authority: true);

    public static X509Certificate2 Server { get; } = Issue("localhost", ForServer, Authority);

    public static X509Certificate2 Client { get; } = Issue("a client", ForClient, Authority);

    /// <summary>A certificate for this name and for 127.0.0.1, self-signed if there is no issuer.</summary>
    public static X509Certificate2 Issue(
        string name, string? usage, X509Certificate2? issuer, int fromDays = -1, int toDays = 2, bool authority = false, bool withAddress = true,
        X509Extension? extension = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority, false, 0, true));
        if (authority)
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        if (usage is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        if (extension is not null)
            request.CertificateExtensions.Add(extension);
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name.Replace(' ', '-'));
        if (withAddress)
            names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());

        var (from, to) = (DateTimeOffset.UtcNow.AddDays(fromDays), DateTimeOffset.UtcNow.AddDays(toDays));
        if (issuer is null)
            return request.CreateSelfSigned(from, to);

        using var signed = request.Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!), from, to, Guid.NewGuid().ToByteArray());
        return signed.CopyWithPrivateKey(key);
    }
}
