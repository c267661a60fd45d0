using System;
using System.Linq;
using System.Management.Automation;

namespace EchoSocket.Commands;

/// <summary>Which parameters of a measurement are for TCP, for UDP, or for the search for the path MTU.</summary>
internal static class UdpParameters
{
    private static readonly string[] OnlyUdp = [nameof(MeasureEchoServerCommand.DontFragment), nameof(MeasureEchoServerCommand.FindMtu)];

    private static readonly string[] NotForMtu =
    [
        nameof(MeasureEchoServerCommand.Count), nameof(MeasureEchoServerCommand.MessageSize), nameof(MeasureEchoServerCommand.Connections),
        nameof(MeasureEchoServerCommand.InFlight), nameof(MeasureEchoServerCommand.Rate), nameof(MeasureEchoServerCommand.WarmupCount),
        nameof(MeasureEchoServerCommand.Spin), nameof(MeasureEchoServerCommand.SvgPath), nameof(MeasureEchoServerCommand.SvgTitle),
        nameof(MeasureEchoServerCommand.NoClobber),
    ];

    /// <summary>Whether the source of a computer's name, such as a server job, says that its server is one of UDP.</summary>
    public static bool SaysUdp(string computer) =>
        TextArgumentAttribute.Source(computer) is { } source && PSObject.AsPSObject(source).Properties["Udp"] is { } property
        && ((SwitchParameter)new SwitchArgumentAttribute().Transform(null!, property.Value)).IsPresent;

    /// <summary>A parameter that is only for TCP, and has a value; null if there is none.</summary>
    public static string? TcpOnly(PSCmdlet cmdlet) =>
        UdpChoice.TcpOnly.FirstOrDefault(name => ParameterRequirement.IsGiven(cmdlet, name) && !IsEmpty(cmdlet, name));

    /// <summary>The error of a parameter that is only for UDP, used with TCP; null if there is none.</summary>
    public static ErrorRecord? UdpProblem(PSCmdlet cmdlet) =>
        OnlyUdp.FirstOrDefault(name => ParameterRequirement.IsGiven(cmdlet, name)) is { } given
            ? ParameterRequirement.Missing("Udp", given, "is for UDP")
            : null;

    /// <summary>The error of a message size that no datagram can have; null if there is none.</summary>
    public static ErrorRecord? SizeProblem(int size) => size switch
    {
        < EchoUdpMeterOptions.MinMessageSize => Problem(
            $"With -Udp a message has at least {EchoUdpMeterOptions.MinMessageSize} bytes, because each carries its number: give a larger -MessageSize.",
            "ParameterConflict", nameof(MeasureEchoServerCommand.MessageSize)),
        > EchoUdpMeterOptions.MaxMessageSize => Problem(
            $"A datagram holds at most {EchoUdpMeterOptions.MaxIPv4MessageSize:N0} bytes over IPv4, and {EchoUdpMeterOptions.MaxMessageSize:N0} over IPv6: give a " +
            "smaller -MessageSize, or use TCP.",
            nameof(EchoError.MessageTooLarge), nameof(MeasureEchoServerCommand.MessageSize)),
        _ => null,
    };

    /// <summary>Ends the command if it looks for the path MTU, and has a parameter of a measurement.</summary>
    public static void RefuseWithFindMtu(PSCmdlet cmdlet)
    {
        if (!ParameterRequirement.IsGiven(cmdlet, nameof(MeasureEchoServerCommand.FindMtu)))
            return;

        foreach (var name in NotForMtu)
            cmdlet.RefuseWith(nameof(MeasureEchoServerCommand.FindMtu), name, "The search sends one datagram after another, of sizes of its own.");
    }

    // The properties of a server without TLS, for instance of a job, have no value.
    private static bool IsEmpty(PSCmdlet cmdlet, string name) =>
        cmdlet.MyInvocation.BoundParameters[name] is null or "" or Array { Length: 0 };

    private static ErrorRecord Problem(string message, string id, object target) =>
        new(new ArgumentException(message), id, id == nameof(EchoError.MessageTooLarge) ? ErrorCategory.LimitsExceeded : ErrorCategory.InvalidArgument, target);
}
