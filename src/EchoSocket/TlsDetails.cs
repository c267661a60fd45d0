using System;
using System.Security.Cryptography.X509Certificates;
using EchoSocket.Transport;

namespace EchoSocket;

/// <summary>What a TLS handshake has agreed on, and the certificate that the server showed.</summary>
public sealed class TlsDetails
{
    /// <summary>The version, for instance <c>Tls13</c>.</summary>
    public string Protocol { get; set; } = "";

    /// <summary>The cipher suite, for instance <c>TLS_AES_256_GCM_SHA384</c>; empty on .NET Framework, which does not tell.</summary>
    public string CipherSuite { get; set; } = "";

    /// <summary>Whom the certificate is for.</summary>
    public string Subject { get; set; } = "";

    /// <summary>Who issued it.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>The names and addresses that it is for.</summary>
    public string[] Names { get; set; } = [];

    /// <summary>When it begins to be valid, in UTC.</summary>
    public DateTime NotBefore { get; set; }

    /// <summary>When it ends to be valid, in UTC.</summary>
    public DateTime NotAfter { get; set; }

    /// <summary>Its SHA-256 thumbprint: 64 hexadecimal digits.</summary>
    public string Thumbprint { get; set; } = "";

    /// <summary>How long the handshake took.</summary>
    public TimeSpan HandshakeTime { get; set; }

    /// <summary>What a certificate says, without a handshake.</summary>
    public static TlsDetails Of(X509Certificate2 certificate) => certificate is null ? throw new ArgumentNullException(nameof(certificate)) : new()
    {
        Subject = certificate.Subject,
        Issuer = certificate.Issuer,
        Names = CertificateNames.Of(certificate),
        NotBefore = certificate.NotBefore.ToUniversalTime(),
        NotAfter = certificate.NotAfter.ToUniversalTime(),
        Thumbprint = TrustedCertificates.Thumbprint(certificate),
    };
}
