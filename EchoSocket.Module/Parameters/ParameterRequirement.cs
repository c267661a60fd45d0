using System;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>
/// Refuses a parameter that has no meaning without another one, or with one. Parameter sets would prompt for the missing one, or
/// report an error that names no parameter.
/// </summary>
internal static class ParameterRequirement
{
    /// <summary>Ends the command if this parameter was given, and the one that it requires was not.</summary>
    public static void Require(this PSCmdlet cmdlet, string required, string parameter, string because)
    {
        if (IsGiven(cmdlet, parameter) && !IsGiven(cmdlet, required))
            cmdlet.ThrowTerminatingError(Missing(required, parameter, because));
    }

    /// <summary>A parameter requires another one.</summary>
    public static ErrorRecord Missing(string required, string parameter, string because) => new(
        new ArgumentException($"-{parameter} {because}: add -{required}, or omit -{parameter}."),
        "ParameterRequired", ErrorCategory.InvalidArgument, required);

    /// <summary>Whether a parameter was given, and as a switch is on.</summary>
    public static bool IsGiven(PSCmdlet cmdlet, string parameter) =>
        cmdlet.MyInvocation.BoundParameters.TryGetValue(parameter, out var value) && value is not SwitchParameter { IsPresent: false };

    /// <summary>Ends the command if both parameters were given.</summary>
    public static void RefuseWith(this PSCmdlet cmdlet, string parameter, string other, string because)
    {
        var bound = cmdlet.MyInvocation.BoundParameters;
        if (bound.ContainsKey(parameter) && bound.ContainsKey(other))
            cmdlet.Conflict($"-{parameter} and -{other} can't be used together. {because}", other);
    }

    /// <summary>Ends the command because it asks for UDP, and has a parameter that is for TCP only.</summary>
    public static void ConflictWithUdp(this PSCmdlet cmdlet, string tcpOnly) =>
        cmdlet.Conflict($"-{tcpOnly} is for TCP, and -Udp asks for UDP: omit one of them.", tcpOnly);

    /// <summary>Ends the command because its parameters contradict each other.</summary>
    public static void Conflict(this PSCmdlet cmdlet, string message, string parameter) => cmdlet.ThrowTerminatingError(
        new ErrorRecord(new ArgumentException(message), "ParameterConflict", ErrorCategory.InvalidArgument, parameter));
}
