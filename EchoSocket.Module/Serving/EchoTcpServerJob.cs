using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace EchoSocket;

/// <summary>The job of a TCP server. All public members may be called from any thread.</summary>
public sealed class EchoTcpServerJob : EchoServerJob
{
    private readonly EchoServer _server;

    internal EchoTcpServerJob(string command, string? name, TcpServing serving, bool verbose, Runspace runspace)
        : base(command, name, serving, verbose, runspace)
    {
        _server = serving.Server;
        if (_server.Certificate is { } certificate)
        {
            var details = TlsDetails.Of(certificate);
            Certificate = new X509Certificate2(certificate.RawData);
            CertificateThumbprint = details.Thumbprint;
            TlsHostName = NameFor(ComputerName, details.Names, Certificate);
        }
    }

    public override bool Udp => false;

    public override bool UseTls => Certificate is not null;

    /// <summary>The certificate that the server shows, without its private key; null without TLS.</summary>
    public X509Certificate2? Certificate { get; }

    /// <summary>Its SHA-256 thumbprint: 64 hexadecimal digits; empty without TLS.</summary>
    public string CertificateThumbprint { get; } = "";

    /// <summary>
    /// A name that the certificate is for, if it is not for <see cref="EchoServerJob.ComputerName"/>; otherwise empty. The client cmdlets bind this
    /// property by its name.
    /// </summary>
    public string TlsHostName { get; } = "";

    /// <summary>What clients trust that get the server from this job. The client cmdlets bind this property by its name.</summary>
    [Hidden]
    public X509Certificate2[] TrustedCertificate => Certificate is null ? [] : [Certificate];

    /// <summary>
    /// How the server misbehaves on purpose. A new value is for connections that are accepted from then on; null and an empty
    /// array heal the server.
    /// </summary>
    public EchoFault[] Fault
    {
        get => [.. _server.Faults];
        set => _server.Faults = value ?? [];
    }

    /// <summary>What is random about the faults follows from this number and the connection's.</summary>
    public int Seed => _server.Seed;

    /// <summary>Clients being served now. A client counts until the result of its connection can be received.</summary>
    public int ActiveConnections => _server.ActiveConnections;

    /// <summary>Clients accepted so far.</summary>
    public long TotalConnections => _server.TotalConnections;

    /// <summary>Clients refused so far, because <c>-AllowFrom</c> does not include them.</summary>
    public long RefusedConnections => _server.RefusedConnections;

    public override long BytesReceived => _server.BytesReceived;

    public override long BytesSent => _server.BytesSent;

    private protected override string Totals =>
        $"{ActiveConnections} connected, {TotalConnections} in all{(RefusedConnections > 0 ? $", {RefusedConnections} refused" : "")}";

    // A client that is told of the server by this job trusts this very certificate, whatever its names are.
    private static string NameFor(string computer, string[] names, X509Certificate2 certificate) =>
        names.Contains(computer) ? ""
        : names.Length == 0 ? certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false)
        : (names.FirstOrDefault(name => !IPAddress.TryParse(name, out _)) ?? names[0]).Replace("*", "server");
}
