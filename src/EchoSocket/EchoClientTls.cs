using System;
using System.Collections.Generic;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket;

/// <summary>
/// How a client uses TLS, and which server it trusts. The versions and cipher suites are those that the operating system
/// allows. For one thread at a time.
/// </summary>
public sealed class EchoClientTls
{
    private X509Certificate2[] _trustedCertificates = [];
    private X509Certificate2? _clientCertificate;

    /// <summary>
    /// The name that the server's certificate must be for, which is also sent to the server (SNI). Default null: the host that
    /// the client connects to.
    /// </summary>
    public string? HostName { get; set; }

    /// <summary>
    /// Accepts any certificate: then anyone on the path can pose as the server. Default false.
    /// </summary>
    public bool SkipCertificateCheck { get; set; }

    /// <summary>
    /// Trusts exactly these certificates, or certificates that they have issued, instead of those that this computer trusts. The
    /// name, the dates and the usage are checked all the same. Default: none.
    /// </summary>
    public IReadOnlyList<X509Certificate2> TrustedCertificates
    {
        get => _trustedCertificates;
        set => _trustedCertificates = [.. value ?? throw new ArgumentNullException(nameof(value))];
    }

    /// <summary>
    /// Asks the issuers whether they have revoked the server's certificate, or one in its chain: over HTTP, at the addresses in the
    /// certificates (CRL, OCSP), within <see cref="EchoClientOptions.ConnectionTimeout"/>. The issuer's answer that the server itself
    /// sends (OCSP stapling) is enough. A certificate that cannot be checked is refused. Default false: no handshake waits for another
    /// server. Has no effect with <see cref="SkipCertificateCheck"/>, or on a self-signed certificate, which nobody can revoke.
    /// </summary>
    public bool CheckRevocation { get; set; }

    /// <summary>The client's own certificate, with its private key, for a server that requires one. Default null.</summary>
    /// <exception cref="ArgumentException">The certificate has no private key.</exception>
    public X509Certificate2? ClientCertificate
    {
        get => _clientCertificate;
        set => _clientCertificate = value is null or { HasPrivateKey: true }
            ? value
            : throw new ArgumentException($"The certificate '{value.Subject}' has no private key, which a client needs.", nameof(value));
    }

    internal EchoClientTls Copy() => (EchoClientTls)MemberwiseClone();

    /// <param name="host">The host that the client connects to.</param>
    /// <param name="due">When the handshake must be complete, in stopwatch ticks.</param>
    /// <param name="cancellation">Ends the check for revocation.</param>
    internal TlsSide ToSide(string host, long due, CancellationToken cancellation) => new TlsClient(
        Unmapped(HostName ?? host),
        SkipCertificateCheck,
        _trustedCertificates.Length == 0 ? null : new TrustedCertificates(_trustedCertificates),
        _clientCertificate is { } certificate ? SelfSignedCertificate.Usable(certificate) : null,
        CheckRevocation && !SkipCertificateCheck ? new RevocationCheck(due, cancellation) : null);

    // A certificate names the IPv4 address.
    private static string Unmapped(string host) =>
        IPAddress.TryParse(host, out var address) && address.IsIPv4MappedToIPv6 ? EndPoints.Unmap(address).ToString() : host;
}
