using System;
using System.Linq;
using System.Management.Automation;
using System.Security.Cryptography.X509Certificates;

namespace EchoSocket.Commands;

/// <summary>The parameters of a server that uses TLS.</summary>
public abstract class TlsServerCommand : StoppableCommand
{
    [Parameter]
    public SwitchParameter UseTls { get; set; }

    [Parameter]
    [CertificateArgument(Owner = "server")]
    public X509Certificate2? Certificate { get; set; }

    [Parameter]
    [CertificateArgument]
    public X509Certificate2[] IntermediateCertificate { get; set; } = [];

    [Parameter]
    public SwitchParameter RequireClientCertificate { get; set; }

    /// <summary>Certificates, and SHA-256 thumbprints as text.</summary>
    [Parameter]
    [CertificateArgument(Thumbprints = true)]
    [ValidateNotNullOrEmpty]
    public object[] TrustedClient { get; set; } = [];

    [Parameter]
    [ValidateRange(0.001, 2147483.0)]
    public double HandshakeTimeoutSeconds { get; set; } = new EchoServerTls().HandshakeTimeout.TotalSeconds;

    /// <summary>How the server uses TLS; null if it does not.</summary>
    private protected EchoServerTls? Tls => !UseTls ? null : new EchoServerTls
    {
        Certificate = Certificate,
        Intermediates = IntermediateCertificate,
        RequireClientCertificate = RequireClientCertificate,
        TrustedClients = [.. TrustedClient.OfType<X509Certificate2>()],
        TrustedClientThumbprints = [.. TrustedClient.OfType<string>()],
        HandshakeTimeout = TimeSpan.FromSeconds(HandshakeTimeoutSeconds),
    };

    protected override void BeginProcessing()
    {
        this.Require(nameof(UseTls), nameof(Certificate), "is for a server that uses TLS");
        this.Require(nameof(Certificate), nameof(IntermediateCertificate), "belongs to the server's certificate");
        this.Require(nameof(UseTls), nameof(RequireClientCertificate), "is for a server that uses TLS");
        this.Require(nameof(UseTls), nameof(HandshakeTimeoutSeconds), "is for a server that uses TLS");
        this.Require(nameof(RequireClientCertificate), nameof(TrustedClient), "is for a server that requires a client's certificate");
        if (Certificate is not null && CertificateText.DateWarning(Certificate, "client") is { } warning)
            WriteWarning(warning);
    }
}
