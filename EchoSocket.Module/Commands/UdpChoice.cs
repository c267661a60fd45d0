using System.Linq;
using System.Management.Automation;

namespace EchoSocket.Commands;

/// <summary>
/// Decides whether a cmdlet reaches a server over UDP: the command says so, an input object by its property Udp, or a server job.
/// What is for TCP only is refused then. Make it in BeginProcessing. Not thread-safe.
/// </summary>
internal sealed class UdpChoice
{
    public const string Parameter = "Udp";

    /// <summary>The parameters that are for TCP only.</summary>
    public static readonly string[] TcpOnly =
    [
        nameof(TlsClientCommand.UseTls), nameof(TlsClientCommand.TlsHostName), nameof(TlsClientCommand.TrustedCertificate),
        nameof(TlsClientCommand.SkipCertificateCheck), nameof(TlsClientCommand.CheckRevocation), nameof(TlsClientCommand.ClientCertificate),
        nameof(ServerCommand.KeepAliveSeconds),
    ];

    private readonly Cmdlet _cmdlet;
    private readonly string? _tcpParameter; // one that the command gives, and that is for TCP only
    private string? _computer; // the last one that a job was looked for
    private bool _isJobUdp;

    /// <param name="cmdlet">The cmdlet. It ends with an error if the command asks for UDP, and has a parameter that is for TCP only.</param>
    /// <param name="tcpOnly">Further parameters that are for TCP only.</param>
    public UdpChoice(PSCmdlet cmdlet, params string[] tcpOnly)
    {
        _cmdlet = cmdlet;
        IsGiven = cmdlet.MyInvocation.BoundParameters.ContainsKey(Parameter);
        _tcpParameter = TcpOnly.Concat(tcpOnly).FirstOrDefault(name => ParameterRequirement.IsGiven(cmdlet, name));
        if (_tcpParameter is not null && ParameterRequirement.IsGiven(cmdlet, Parameter))
            cmdlet.ConflictWithUdp(_tcpParameter);
    }

    /// <summary>The command says whether to use UDP.</summary>
    public bool IsGiven { get; }

    /// <summary>Whether a computer is reached over UDP.</summary>
    /// <param name="udp">The value of the parameter, which an input object may have set.</param>
    /// <param name="computer">The text that names the computer, which may come from a server job.</param>
    public bool UsesUdp(bool udp, string? computer)
    {
        if (udp || IsGiven || computer is null)
            return udp;

        // Most messages go to the same computer, and the look-up takes time.
        if (!ReferenceEquals(computer, _computer))
            (_computer, _isJobUdp) = (computer, IsUdpJob(computer));
        return _isJobUdp;
    }

    /// <summary>Writes an error and returns false if the command or an input object asks for UDP, and has a value that is for TCP only.</summary>
    /// <param name="computer">The server.</param>
    /// <param name="useTls">The value of the parameter, which an input object may have set.</param>
    public bool IsAllowed(string computer, bool useTls)
    {
        var tcpParameter = _tcpParameter ?? (useTls ? nameof(TlsClientCommand.UseTls) : null);
        if (tcpParameter is null)
            return true;

        _cmdlet.WriteError(ErrorRecords.TcpOnly(tcpParameter, computer));
        return false;
    }

    private static bool IsUdpJob(string computer) =>
        TextArgumentAttribute.Source(computer) is EchoServerJob { Udp: true };
}
