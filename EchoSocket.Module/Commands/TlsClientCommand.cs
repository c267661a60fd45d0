using System.Linq;
using System.Management.Automation;
using System.Security.Cryptography.X509Certificates;

namespace EchoSocket.Commands;

/// <summary>
/// The parameters of a client that uses TLS. A server job gives the first three of them: by its properties if it comes through
/// the pipeline, or else as the source of the computer's name.
/// </summary>
public abstract class TlsClientCommand : StoppableCommand
{
    private bool _useTlsGiven;
    private string? _tlsParameter; // one that the command gives, and that needs TLS

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SwitchArgument]
    public SwitchParameter UseTls { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyString]
    public string? TlsHostName { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [CertificateArgument]
    public X509Certificate2[] TrustedCertificate { get; set; } = [];

    [Parameter]
    public SwitchParameter SkipCertificateCheck { get; set; }

    [Parameter]
    [CertificateArgument(Owner = "client")]
    public X509Certificate2? ClientCertificate { get; set; }

    protected override void BeginProcessing()
    {
        var bound = MyInvocation.BoundParameters;
        _useTlsGiven = bound.ContainsKey(nameof(UseTls));
        _tlsParameter = new[] { nameof(TlsHostName), nameof(TrustedCertificate), nameof(SkipCertificateCheck), nameof(ClientCertificate) }
            .FirstOrDefault(name => ParameterRequirement.IsGiven(this, name));

        if (bound.ContainsKey(nameof(TrustedCertificate)))
        {
            if (TrustedCertificate.Length == 0)
                this.Conflict("-TrustedCertificate names no certificate, so no server would be trusted: give one, or omit it.", nameof(TrustedCertificate));
            if (SkipCertificateCheck)
                this.Conflict("-SkipCertificateCheck trusts every server, and -TrustedCertificate only some: omit one of them.", nameof(SkipCertificateCheck));
        }

        if (ClientCertificate is not null && CertificateText.DateWarning(ClientCertificate, "server") is { } warning)
            WriteWarning(warning);
    }

    /// <summary>How to use TLS with a computer; null if it is not used.</summary>
    private protected EchoClientTls? TlsWith(string computer)
    {
        if (!UsesTls(computer))
            return null;

        var job = Job(computer);
        return new EchoClientTls
        {
            HostName = !string.IsNullOrEmpty(TlsHostName) ? TlsHostName : job?.TlsHostName is { Length: > 0 } name ? name : null,
            SkipCertificateCheck = SkipCertificateCheck,
            TrustedCertificates = SkipCertificateCheck ? [] : TrustedCertificate.Length > 0 ? TrustedCertificate : job?.TrustedCertificate ?? [],
            ClientCertificate = ClientCertificate,
        };
    }

    /// <summary>
    /// Returns false if something was given that is for TLS, and TLS is not used: what was meant for TLS is never sent without it.
    /// Then it has written an error, or ended the command if no input object says whether to use TLS.
    /// </summary>
    private protected bool IsTlsNamed(string computer)
    {
        var needsTls = _tlsParameter ?? (_useTlsGiven ? null
            : !string.IsNullOrEmpty(TlsHostName) ? nameof(TlsHostName)
            : TrustedCertificate.Length > 0 ? nameof(TrustedCertificate)
            : null);
        if (needsTls is null || UsesTls(computer))
            return true;

        var error = _tlsParameter is null ? ErrorRecords.TlsNotNamed(needsTls, computer) : ParameterRequirement.Missing(nameof(UseTls), needsTls, "is for TLS");
        if (_tlsParameter is not null && (_useTlsGiven || !MyInvocation.BoundParameters.ContainsKey(nameof(UseTls))))
            ThrowTerminatingError(error);
        WriteError(error);
        return false;
    }

    private static EchoServerJob? Job(string computer) => TextArgumentAttribute.Source(computer) as EchoServerJob;

    private bool UsesTls(string computer) => UseTls || (!_useTlsGiven && Job(computer) is { UseTls: true });
}
