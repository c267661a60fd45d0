using System;
using System.Linq;
using System.Management.Automation;

namespace EchoSocket.Commands;

/// <summary>
/// A cmdlet whose messages have a server each: the command names it, or the input object does, for itself only, or each of them
/// names a part.
/// </summary>
public abstract class MessageTargetCommand : EchoClientCommand
{
    private static readonly SwitchArgumentAttribute AsSwitch = new();

    private bool _computerGiven;
    private bool _portGiven;

    public abstract SwitchParameter Udp { get; set; }

    /// <summary>Whether a server is reached over UDP.</summary>
    private protected UdpChoice? UdpChoice { get; set; }

    /// <summary>The input object names the server, or a part of it.</summary>
    private protected bool ServerCameWithObject => ComputerCameWithObject || PortCameWithObject;

    private bool ComputerCameWithObject => !_computerGiven && ComputerName is not null;

    private bool PortCameWithObject => !_portGiven && Port > 0;

    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _computerGiven = ComputerName is not null;
        _portGiven = Port > 0;
    }

    /// <summary>
    /// Sets the server that the source of a message names, as far as the command does not. Writes an error and returns false if a
    /// property is not valid.
    /// </summary>
    private protected bool TryReadServer(PSObject source)
    {
        var parameter = nameof(ComputerName);
        try
        {
            var computer = ComputerName ?? ServerProperties.Computer(source);
            parameter = nameof(Port);
            Port = Port > 0 ? Port : ServerProperties.Port(source);
            ReadTls(source, out parameter);
            parameter = nameof(Udp);
            if (UdpChoice is { IsGiven: false } && source.Properties[parameter] is { } udp)
                Udp = (SwitchParameter)AsSwitch.Transform(null!, udp.Value);
            ComputerName = computer;
            return true;
        }
        catch (Exception e) when (e is ArgumentTransformationMetadataException or GetValueException)
        {
            WriteError(ErrorRecords.PropertyNotValid(parameter, e, source));
            return false;
        }
    }

    /// <summary>
    /// Writes an error and returns false if the server of a message is named in part. The default is no substitute for the other
    /// part.
    /// </summary>
    private protected bool IsServerNamed(object message, PSObject? source)
    {
        var hasOtherProperties = source is not null && source.Properties.Skip(1).Any();
        var isIncomplete = ComputerName is null
            ? PortCameWithObject || hasOtherProperties
            : (ComputerCameWithObject || hasOtherProperties) && Port == 0 && JobPort(Server) is null;
        if (!isIncomplete)
            return IsPortNamed(Server, Port) && IsTlsNamed(Server);

        WriteError(ErrorRecords.ServerNotNamed(ComputerName is null ? Columns.ComputerName : Columns.Port, message));
        return false;
    }
}
