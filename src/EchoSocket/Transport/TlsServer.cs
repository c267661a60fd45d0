using System;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;

namespace EchoSocket.Transport;

/// <summary>What all TLS connections of a server share. Immutable.</summary>
internal sealed class TlsServer : TlsSide
{
    private readonly Func<SslStream, Task> _authenticate;
    private readonly TrustedCertificates? _clients;
    private readonly bool _requireClientCertificate;

    /// <param name="certificate">The server's, with its private key.</param>
    /// <param name="intermediates">The certificates between it and its root.</param>
    /// <param name="requireClientCertificate">Whether a client must show a certificate.</param>
    /// <param name="clients">Which certificates of clients to trust; null for those that this computer trusts.</param>
    /// <param name="handshakeTimeout">How long a handshake may take.</param>
    public TlsServer(
        X509Certificate2 certificate, X509Certificate2[] intermediates, bool requireClientCertificate, TrustedCertificates? clients,
        TimeSpan handshakeTimeout)
    {
        _authenticate = TlsPlatform.ServerHandshake(certificate, intermediates, requireClientCertificate);
        _requireClientCertificate = requireClientCertificate;
        _clients = clients;
        HandshakeTimeout = handshakeTimeout;
    }

    public override string Peer => "client";

    public override string LeavesUnannounced => ""; // to connect and to close is the shortest test of a path

    public override string Refusal => "it may not trust this server's certificate.";

    public override TimeSpan HandshakeTimeout { get; }

    public override Task Authenticate(SslStream stream) => _authenticate(stream);

    public override string ProblemWith(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        !_requireClientCertificate ? ""
        : certificate is null ? "The client showed no certificate, which this server requires."
        : CertificateCheck.Problem(certificate, chain, _clients, CertificateCheck.ClientUsage, Peer);

    public override bool MayBeTls(byte[] bytes, int count) => bytes[0] == TlsRecord.Handshake;
}
