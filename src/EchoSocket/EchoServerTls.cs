using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using EchoSocket.Transport;

namespace EchoSocket;

/// <summary>How a server uses TLS. The versions and cipher suites are those that the operating system allows.</summary>
public sealed class EchoServerTls
{
    private X509Certificate2? _certificate;
    private X509Certificate2[] _intermediates = [];
    private string[] _trustedClientThumbprints = [];
    private X509Certificate2[] _trustedClients = [];
    private TimeSpan _handshakeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The server's certificate, with its private key. Default null: the server makes a self-signed one for its addresses and
    /// names, valid for a week. <see cref="EchoServer.Certificate"/> is the one in use.
    /// </summary>
    /// <exception cref="ArgumentException">The certificate has no private key.</exception>
    public X509Certificate2? Certificate
    {
        get => _certificate;
        set => _certificate = value is null or { HasPrivateKey: true }
            ? value
            : throw new ArgumentException($"The certificate '{value.Subject}' has no private key, which a server needs.", nameof(value));
    }

    /// <summary>
    /// The certificates between <see cref="Certificate"/> and its root, in any order. The server sends them, so that a client need
    /// know the root only. Default: none, besides those in the system's store. .NET Framework takes them from the Windows
    /// certificate store only.
    /// </summary>
    public IReadOnlyList<X509Certificate2> Intermediates
    {
        get => _intermediates;
        set => _intermediates = [.. value ?? throw new ArgumentNullException(nameof(value))];
    }

    /// <summary>Whether a client must show a certificate. Default false.</summary>
    public bool RequireClientCertificate { get; set; }

    /// <summary>
    /// SHA-256 thumbprints of the clients' certificates to trust, or of their issuers': 64 hexadecimal digits, which colons or
    /// spaces may separate. Default: none.
    /// </summary>
    /// <exception cref="ArgumentException">A value is not a SHA-256 thumbprint.</exception>
    public IReadOnlyList<string> TrustedClientThumbprints
    {
        get => _trustedClientThumbprints;
        set => _trustedClientThumbprints = [.. (value ?? throw new ArgumentNullException(nameof(value))).Select(Thumbprint)];
    }

    /// <summary>
    /// Certificates of clients to trust, or of their issuers. Default: none. If this and
    /// <see cref="TrustedClientThumbprints"/> are both empty, a client's certificate must come from an issuer that this
    /// computer trusts.
    /// </summary>
    public IReadOnlyList<X509Certificate2> TrustedClients
    {
        get => _trustedClients;
        set => _trustedClients = [.. value ?? throw new ArgumentNullException(nameof(value))];
    }

    /// <summary>
    /// How long a client may take for the TLS handshake, 1 ms to <see cref="EchoClientOptions.MaximumTimeout"/>. Its connection then
    /// ends with <see cref="EndReason.Faulted"/>. Default 10 s.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan HandshakeTimeout
    {
        get => _handshakeTimeout;
        set => _handshakeTimeout = value >= TimeSpan.FromMilliseconds(1) && value <= EchoClientOptions.MaximumTimeout
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"A handshake timeout is 1 ms to {EchoClientOptions.MaximumTimeout}.");
    }

    /// <summary>What the connections of a server with this certificate share.</summary>
    internal TlsServer ToServer(X509Certificate2 certificate)
    {
        var any = _trustedClients.Length == 0 && _trustedClientThumbprints.Length == 0;
        var clients = any ? null : new TrustedCertificates(_trustedClients, _trustedClientThumbprints);
        return new TlsServer(certificate, _intermediates, RequireClientCertificate, clients, HandshakeTimeout);
    }

    internal EchoServerTls Copy() => (EchoServerTls)MemberwiseClone();

    private static string Thumbprint(string text)
    {
        var digits = (text ?? "").Replace(":", "").Replace(" ", "");
        return digits.Length == 64 && digits.All(Uri.IsHexDigit)
            ? digits
            : throw new ArgumentException($"'{text}' is not a SHA-256 thumbprint, which has 64 hexadecimal digits.");
    }
}
