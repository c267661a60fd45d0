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
    private static readonly SwitchArgumentAttribute AsSwitch = new();
    private static readonly CertificateArgumentAttribute AsCertificates = new();

    private bool _useTlsGiven;
    private bool _hostNameGiven;
    private bool _trustGiven;
    private bool _inputSays; // an input object had the property UseTls
    private string? _tlsParameter; // one that the command gives, and that needs TLS

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SwitchArgument]
    public virtual SwitchParameter UseTls { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyString]
    public virtual string? TlsHostName { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [CertificateArgument]
    public virtual X509Certificate2[] TrustedCertificate { get; set; } = [];

    [Parameter]
    public SwitchParameter SkipCertificateCheck { get; set; }

    [Parameter]
    public SwitchParameter CheckRevocation { get; set; }

    [Parameter]
    [CertificateArgument(Owner = "client")]
    public X509Certificate2? ClientCertificate { get; set; }

    protected override void BeginProcessing()
    {
        var bound = MyInvocation.BoundParameters;
        _useTlsGiven = bound.ContainsKey(nameof(UseTls));
        _hostNameGiven = bound.ContainsKey(nameof(TlsHostName));
        _trustGiven = bound.ContainsKey(nameof(TrustedCertificate));
        _tlsParameter = new[] { nameof(TlsHostName), nameof(TrustedCertificate), nameof(SkipCertificateCheck), nameof(CheckRevocation), nameof(ClientCertificate) }
            .FirstOrDefault(name => ParameterRequirement.IsGiven(this, name));

        if (_trustGiven)
        {
            if (TrustedCertificate.Length == 0)
                this.Conflict("-TrustedCertificate names no certificate, so no server would be trusted: give one, or omit it.", nameof(TrustedCertificate));
            if (SkipCertificateCheck)
                this.Conflict("-SkipCertificateCheck trusts every server, and -TrustedCertificate only some: omit one of them.", nameof(SkipCertificateCheck));
        }

        if (SkipCertificateCheck && CheckRevocation)
            this.Conflict("-SkipCertificateCheck trusts every server, and -CheckRevocation does not trust those with a revoked certificate: omit one of them.", nameof(SkipCertificateCheck));

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
            CheckRevocation = CheckRevocation,
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

        if (_tlsParameter is not null && (_useTlsGiven || !(_inputSays || MyInvocation.BoundParameters.ContainsKey(nameof(UseTls)))))
            ThrowTerminatingError(ParameterRequirement.Missing(nameof(UseTls), needsTls, "is for TLS"));
        WriteError(_tlsParameter is null ? ErrorRecords.TlsNotNamed(needsTls, computer) : ErrorRecords.TlsDeclined(needsTls, computer));
        return false;
    }

    /// <summary>
    /// Reads what an input object says of TLS, as PowerShell does for parameters that take property names, unless the command says it.
    /// </summary>
    /// <param name="source">The input object.</param>
    /// <param name="parameter">The parameter that is being read, also if that fails.</param>
    /// <exception cref="ArgumentTransformationMetadataException">A value is not valid.</exception>
    private protected void ReadTls(PSObject source, out string parameter)
    {
        parameter = nameof(UseTls);
        if (!_useTlsGiven && source.Properties[parameter] is { } use)
        {
            UseTls = (SwitchParameter)AsSwitch.Transform(null!, use.Value);
            _inputSays = true;
        }

        parameter = nameof(TlsHostName);
        if (!_hostNameGiven && source.Properties[parameter] is { } name)
            TlsHostName = LanguagePrimitives.ConvertTo<string>(name.Value);
        parameter = nameof(TrustedCertificate);
        if (!_trustGiven && source.Properties[parameter] is { } trusted)
            TrustedCertificate = (X509Certificate2[])AsCertificates.Transform(null!, trusted.Value);
    }

    private static EchoTcpServerJob? Job(string computer) => TextArgumentAttribute.Source(computer) as EchoTcpServerJob;

    private bool UsesTls(string computer) => UseTls || (!_useTlsGiven && Job(computer) is { UseTls: true });
}
