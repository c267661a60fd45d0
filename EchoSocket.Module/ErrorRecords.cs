using System;
using System.Management.Automation;
using System.Text;

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

    /// <summary>Input has a value for TLS, but does not say that TLS is used.</summary>
    public static ErrorRecord TlsNotNamed(string given, object target) =>
        new(
            new ArgumentException(
                $"The input object has a value for {given}, but does not ask for TLS. Give it the property UseTls with the value True, or " +
                "add -UseTls to the command."),
            "ParameterRequired", ErrorCategory.InvalidArgument, target);

    /// <summary>The command has a parameter for TLS, and input says not to use TLS.</summary>
    public static ErrorRecord TlsDeclined(string given, object target) =>
        new(
            new ArgumentException(
                $"The input object for {target} does not ask for TLS (UseTls is False), and -{given} is for TLS. Send it to a command without " +
                $"-{given}, or add -UseTls to use TLS with all."),
            "ParameterRequired", ErrorCategory.InvalidArgument, target);

    /// <summary>UDP is used, and a value is for TCP only.</summary>
    public static ErrorRecord TcpOnly(string given, object target) =>
        new(
            new ArgumentException(
                $"{target} is to be reached over UDP, and {given} is for TCP: use one of them. An input object asks for UDP by its property Udp, and for " +
                "TLS by UseTls."),
            "ParameterConflict", ErrorCategory.InvalidArgument, target);

    /// <summary>A session is over TCP, and a server of UDP was given.</summary>
    public static ErrorRecord SessionOverUdp(object target) =>
        new(
            new ArgumentException($"{target} is to be reached over UDP, and a session is over TCP. Use Send-EchoMessage, or give a server of TCP."),
            "ParameterConflict", ErrorCategory.InvalidArgument, target);

    public static ErrorRecord MessageRequired() =>
        new(
            new ArgumentException("There is no message. Give one as -Message or -InputBytes, or through the pipeline."),
            "MessageRequired", ErrorCategory.InvalidArgument, targetObject: null);

    /// <summary>PowerShell sends the items of an array one by one, so a single byte is hardly a whole message.</summary>
    public static ErrorRecord SingleByte() =>
        new(
            new ArgumentException(
                "A single byte came through the pipeline. PowerShell sends the items of an array one by one; to send them as one " +
                "message, write -InputBytes $bytes or , $bytes | Send-EchoMessage, and read a file with Get-Content -AsByteStream -Raw."),
            "SingleByte", ErrorCategory.InvalidArgument, targetObject: null);

    /// <summary>A property of an input object is not valid. PowerShell's own error for a parameter that is bound to a property is the same.</summary>
    public static ErrorRecord PropertyNotValid(string parameter, Exception exception, object target) =>
        new(
            new ArgumentException($"Cannot process argument transformation on parameter '{parameter}'. {exception.Message}", exception),
            "ParameterArgumentTransformationError", ErrorCategory.InvalidData, target);

    public static ErrorRecord DecodingFailed(DecoderFallbackException exception, object message) =>
        new(exception, "DecodingFailed", ErrorCategory.InvalidData, message);

    /// <summary>A message was in flight behind one that failed.</summary>
    public static ErrorRecord ReplyLost(EchoException failure, object message) =>
        new(
            new InvalidOperationException(
                $"The reply to this message is lost: the connection to {failure.EndPoint} was closed because a message before it failed " +
                $"({failure.Error}). The server may have received the message. Send it again, if it may come twice.", failure),
            "ReplyLost", ErrorCategory.ConnectionError, message);

    /// <summary>PowerShell itself would write an error for each input object, and then start the server on the default port.</summary>
    public static ErrorRecord InputNotSupported() =>
        new(
            new InvalidOperationException("Start-EchoServer takes no input from the pipeline. Give the port as an argument, and faults with -Fault: Start-EchoServer 7007 -Fault $fault."),
            "InputNotSupported", ErrorCategory.InvalidOperation, targetObject: null);

    private static ErrorCategory Category(EchoError error) => error switch
    {
        EchoError.AddressInUse => ErrorCategory.ResourceUnavailable,
        EchoError.AddressNotAvailable => ErrorCategory.InvalidArgument,
        EchoError.AccessDenied => ErrorCategory.PermissionDenied,
        EchoError.HostNotFound => ErrorCategory.ObjectNotFound,
        EchoError.ConnectionTimeout or EchoError.OperationTimeout => ErrorCategory.OperationTimeout,
        EchoError.ReplyMismatch => ErrorCategory.InvalidResult,
        EchoError.MessageTooLarge => ErrorCategory.LimitsExceeded,
        EchoError.AuthenticationFailed => ErrorCategory.AuthenticationError,
        _ => ErrorCategory.ConnectionError,
    };
}
