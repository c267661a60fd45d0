using System;
using System.Linq;
using System.Management.Automation;
using System.Net.Sockets;

namespace EchoSocket.Commands;

/// <summary>
/// A cmdlet that connects to servers, which the command or the input objects name. Its parameters have no default values
/// but null and 0, which tell that neither has named a computer or a port. (The invocation's BoundParameters do not: they
/// keep what an earlier input object has bound.)
/// </summary>
public abstract class ServerCommand : TlsClientCommand
{
    private protected const string DefaultComputer = "127.0.0.1";

    [Parameter]
    public SwitchParameter IPv4 { get; set; }

    [Parameter]
    public SwitchParameter IPv6 { get; set; }

    [Parameter]
    [ValidateRange(1, 32767)]
    public int KeepAliveSeconds { get; set; }

    [Parameter]
    [SourceAddressArgument]
    [ValidateNotNullOrEmpty]
    public string? SourceAddress { get; set; }

    [Parameter]
    [PortArgument]
    [ValidateRange(1, 65535)]
    public int SourcePort { get; set; }

    [Parameter]
    [ValidateRange(0, 63)]
    public int DscpValue { get; set; }

    /// <summary>The port of a server: of its job, or else the one that was named.</summary>
    private protected static int PortOf(string computer, int port) =>
        JobPort(computer) ?? (port > 0 ? port : EchoServerOptions.DefaultPort);

    /// <summary>The port of the server job that stands for a computer; null if none does.</summary>
    private protected static int? JobPort(string computer) => (TextArgumentAttribute.Source(computer) as EchoServerJob)?.Port;

    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (IPv4 && IPv6)
            this.Conflict("-IPv4 and -IPv6 allow one address family each: omit one of them, or both.", nameof(IPv6));
        if (SourceAddress is not null && (IsIPv6(SourceAddress) ? IPv4 : IPv6))
            this.Conflict($"The source address {SourceAddress} is not of the family that -{(IPv4 ? nameof(IPv4) : nameof(IPv6))} allows: omit one of them.", nameof(SourceAddress));
        var options = Configure(new EchoClientOptions());
        foreach (var limitation in new[] { options.KeepAliveLimitation, options.DscpLimitation }.OfType<string>())
            WriteWarning(limitation);
    }

    /// <summary>Sets what the parameters of this class choose, for the host of the options.</summary>
    private protected T Configure<T>(T options)
        where T : EchoClientOptions
    {
        options.AddressFamily = IPv4 ? AddressFamily.InterNetwork : IPv6 ? AddressFamily.InterNetworkV6 : null;
        options.SourceAddress = SourceAddress;
        options.SourcePort = SourcePort;
        options.DscpValue = DscpValue;
        options.Tls = TlsWith(options.Host);
        options.KeepAliveTime = KeepAliveSeconds > 0 ? TimeSpan.FromSeconds(KeepAliveSeconds) : null;
        return options;
    }

    /// <summary>
    /// Whether a text was read from an object with other properties. One of them may be misspelled; and of an object that is
    /// an argument, no other property becomes a parameter's value.
    /// </summary>
    private protected static bool HasOtherProperties(string text) =>
        TextArgumentAttribute.Source(text) is PSObject source && source.Properties.Skip(1).Any();

    /// <summary>
    /// Writes an error and returns false if a computer was read from an object with other properties, and nothing names the
    /// port. The default is no substitute for what the object may have meant to name.
    /// </summary>
    private protected bool IsPortNamed(string computer, int port)
    {
        if (port > 0 || JobPort(computer) is not null || !HasOtherProperties(computer))
            return true;

        WriteError(ErrorRecords.ServerNotNamed(Columns.Port, computer));
        return false;
    }

    private static bool IsIPv6(string address) => address.IndexOf(':') >= 0;
}
