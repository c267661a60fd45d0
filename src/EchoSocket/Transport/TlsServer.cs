using System;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;

namespace EchoSocket.Transport;

/// <summary>What all TLS connections of a server share. Immutable.</summary>
internal sealed class TlsServer
{
    private readonly Func<SslStream, Task> _authenticate;
    private readonly TrustedCertificates? _clients;

    /// <param name="certificate">The server's, with its private key.</param>
    /// <param name="requireClientCertificate">Whether a client must show a certificate.</param>
    /// <param name="clients">Which certificates of clients to trust; null for those that this computer trusts.</param>
    /// <param name="handshakeTimeout">How long a handshake may take.</param>
    public TlsServer(X509Certificate2 certificate, bool requireClientCertificate, TrustedCertificates? clients, TimeSpan handshakeTimeout)
    {
        _authenticate = TlsPlatform.ServerHandshake(certificate, requireClientCertificate);
        RequireClientCertificate = requireClientCertificate;
        _clients = clients;
        HandshakeTimeout = handshakeTimeout;
    }

    public bool RequireClientCertificate { get; }

    public TimeSpan HandshakeTimeout { get; }

    /// <summary>Begins a handshake.</summary>
    public Task Authenticate(SslStream stream) => _authenticate(stream);

    /// <summary>What is wrong with a client's certificate, as a sentence; empty if nothing is.</summary>
    public string ProblemWith(X509Certificate2? certificate, X509Chain? chain) =>
        !RequireClientCertificate ? ""
        : certificate is null ? "The client showed no certificate, which this server requires."
        : CertificateCheck.Problem(certificate, chain, _clients, CertificateCheck.ClientUsage, "client");
}
