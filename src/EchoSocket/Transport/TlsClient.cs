using System;
using System.Linq;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Transport;

/// <summary>The client's side of TLS. Immutable.</summary>
/// <param name="hostName">The name that the server's certificate must have. It is sent to the server, too, unless it is an address.</param>
/// <param name="skipCheck">Whether any certificate will do.</param>
/// <param name="trusted">Which certificates to trust; null for those that this computer trusts.</param>
/// <param name="certificate">The client's own, with its private key; null for none.</param>
/// <param name="revocation">How to find out whether a certificate is revoked; null not to.</param>
internal sealed class TlsClient(
    string hostName, bool skipCheck, TrustedCertificates? trusted, X509Certificate2? certificate, RevocationCheck? revocation) : TlsSide
{
    private const string TrustAdvice = " If you trust it, give it or its issuer as TrustedCertificate.";

    private readonly Func<SslStream, Task> _authenticate = TlsPlatform.ClientHandshake(hostName, certificate);

    public override string Peer => "server";

    public override string LeavesUnannounced => "The server closed the connection at the start of the TLS handshake.";

    public override string Refusal => "it may require a client certificate, or not trust the one it got.";

    public override TimeSpan HandshakeTimeout => Timeout.InfiniteTimeSpan;

    public override Task Authenticate(SslStream stream) => _authenticate(stream);

    public override string ProblemWith(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (skipCheck)
            return "";
        if (certificate is null)
            return "The server showed no certificate.";

        var problem = CertificateCheck.Problem(certificate, chain, trusted, CertificateCheck.ServerUsage, Peer, TrustAdvice, revocation);
        return problem.Length > 0 || (errors & SslPolicyErrors.RemoteCertificateNameMismatch) == 0 ? problem
            : $"The server's certificate is not for '{hostName}', but for {Names(certificate)}. If that is the right server, give its name as TlsHostName.";
    }

    // An echo server without TLS sends the client's own first bytes back.
    public override bool MayBeTls(byte[] bytes, int count) =>
        bytes[0] == TlsRecord.Alert
        || (bytes[0] == TlsRecord.Handshake && (count <= TlsRecord.HeaderSize || bytes[TlsRecord.HeaderSize] != TlsRecord.ClientHello));

    public override string NotTls(byte[] bytes, int count) => bytes[0] != TlsRecord.Handshake
        ? base.NotTls(bytes, count)
        : "The server does not speak TLS: it sent the client's own handshake back, as an echo server without TLS does.";

    private static string Names(X509Certificate2 certificate) => Escaping.EscapeControls(
        CertificateNames.Of(certificate) is { Length: > 0 } names ? string.Join(", ", names.Select(name => $"'{name}'")) : certificate.Subject);
}
