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
        var bound = cmdlet.MyInvocation.BoundParameters;
        if (!bound.ContainsKey(parameter) || (bound.TryGetValue(required, out var value) && value is not SwitchParameter { IsPresent: false }))
            return;

        cmdlet.ThrowTerminatingError(new ErrorRecord(
            new ArgumentException($"-{parameter} {because}: add -{required}, or omit -{parameter}."),
            "ParameterRequired", ErrorCategory.InvalidArgument, required));
    }

    /// <summary>Ends the command because its parameters contradict each other.</summary>
    public static void Conflict(this PSCmdlet cmdlet, string message, string parameter) => cmdlet.ThrowTerminatingError(
        new ErrorRecord(new ArgumentException(message), "ParameterConflict", ErrorCategory.InvalidArgument, parameter));
}
