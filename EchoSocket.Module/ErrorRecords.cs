using System.Management.Automation;

namespace EchoSocket;

/// <summary>Turns the core's failures into PowerShell errors; the id is the failure's name.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord ToErrorRecord(this EchoException exception, object target) =>
        new(exception, exception.Error.ToString(), Category(exception.Error), target);

    private static ErrorCategory Category(EchoError error) => error switch
    {
        EchoError.AddressInUse => ErrorCategory.ResourceUnavailable,
        EchoError.AddressNotAvailable => ErrorCategory.InvalidArgument,
        EchoError.AccessDenied => ErrorCategory.PermissionDenied,
        EchoError.HostNotFound => ErrorCategory.ObjectNotFound,
        EchoError.ConnectionTimeout or EchoError.OperationTimeout => ErrorCategory.OperationTimeout,
        EchoError.ReplyMismatch => ErrorCategory.InvalidResult,
        _ => ErrorCategory.ConnectionError,
    };
}
