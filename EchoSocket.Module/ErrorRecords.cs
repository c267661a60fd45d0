using System;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>Turns the core's failures into PowerShell errors; the id is the failure's name.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord ToErrorRecord(this EchoException exception, object target) =>
        new(exception, exception.Error.ToString(), Category(exception.Error), target);

    /// <summary>Input names a part of a server, and a default would stand for the part that it does not name.</summary>
    public static ErrorRecord ServerNotNamed(string[] missing, object target) =>
        new(
            new ArgumentException(
                $"The input object gives no {missing[0]}, and the default may not be what it means. Give it the property " +
                $"{Columns.Text(missing)} and send it through the pipeline, or add -{missing[0]} to the command."),
            "ServerNotNamed", ErrorCategory.InvalidArgument, target);

    /// <summary>PowerShell itself would write an error for each input object, and then start the server on the default port.</summary>
    public static ErrorRecord InputNotSupported() =>
        new(
            new InvalidOperationException("Start-EchoServer takes no input from the pipeline. Give the port as an argument: Start-EchoServer 7007."),
            "InputNotSupported", ErrorCategory.InvalidOperation, targetObject: null);

    private static ErrorCategory Category(EchoError error) => error switch
    {
        EchoError.AddressInUse => ErrorCategory.ResourceUnavailable,
        EchoError.AddressNotAvailable => ErrorCategory.InvalidArgument,
        EchoError.AccessDenied => ErrorCategory.PermissionDenied,
        EchoError.HostNotFound => ErrorCategory.ObjectNotFound,
        EchoError.ConnectionTimeout or EchoError.OperationTimeout => ErrorCategory.OperationTimeout,
        EchoError.ReplyMismatch => ErrorCategory.InvalidResult,
        EchoError.AuthenticationFailed => ErrorCategory.AuthenticationError,
        _ => ErrorCategory.ConnectionError,
    };
}
