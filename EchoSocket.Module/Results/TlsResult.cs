using System;

namespace EchoSocket;

/// <summary>What a result says about TLS and the server's certificate. Words are empty, and numbers and times null, without TLS.</summary>
public abstract class TlsResult
{
    private readonly TlsDetails? _details;

    private protected TlsResult(TlsDetails? details, TimeSpan? handshakeTime)
    {
        TlsMilliseconds = Milliseconds.From(handshakeTime);
        _details = details;
        CertificateNames = new ResultList(details?.Names ?? []);
    }

    /// <summary>The version, for instance <c>Tls13</c>.</summary>
    public string TlsProtocol => _details?.Protocol ?? "";

    /// <summary>Empty on .NET Framework, too, which does not tell.</summary>
    public string TlsCipherSuite => _details?.CipherSuite ?? "";

    /// <summary>How long the handshake took; the mean if there were several.</summary>
    public double? TlsMilliseconds { get; }

    public string CertificateSubject => _details?.Subject ?? "";

    public string CertificateIssuer => _details?.Issuer ?? "";

    /// <summary>The names and addresses that the certificate is for.</summary>
    public ResultList CertificateNames { get; }

    /// <summary>When it begins to be valid, in UTC.</summary>
    public DateTime? CertificateNotBefore => _details?.NotBefore;

    /// <summary>When it ends to be valid, in UTC.</summary>
    public DateTime? CertificateNotAfter => _details?.NotAfter;

    /// <summary>Its SHA-256 thumbprint: 64 hexadecimal digits.</summary>
    public string CertificateThumbprint => _details?.Thumbprint ?? "";
}
