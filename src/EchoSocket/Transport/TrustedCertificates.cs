using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EchoSocket.Transport;

/// <summary>Certificates that are trusted, by themselves or as issuers, and nothing else. Immutable.</summary>
internal sealed class TrustedCertificates(IEnumerable<X509Certificate2> certificates, IEnumerable<string>? thumbprints = null)
{
    private readonly HashSet<string> _thumbprints = new(
        certificates.Select(Thumbprint).Concat(thumbprints ?? []), StringComparer.OrdinalIgnoreCase);

    /// <summary>Copies, since the user may dispose of the originals.</summary>
    public X509Certificate2[] Certificates { get; } = [.. certificates.Select(c => new X509Certificate2(c.RawData))];

    public bool Contains(X509Certificate2 certificate) => _thumbprints.Contains(Thumbprint(certificate));

    /// <summary>The SHA-256 thumbprint: 64 hexadecimal digits. (That of .NET is SHA-1.)</summary>
    public static string Thumbprint(X509Certificate certificate)
    {
        using var hash = SHA256.Create();
        return BitConverter.ToString(hash.ComputeHash(certificate.GetRawCertData())).Replace("-", "");
    }
}
