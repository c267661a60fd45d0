using System;

namespace EchoSocket;

/// <summary>A failure with a stable name and a message that says what to do.</summary>
public sealed class EchoException : Exception
{
    /// <summary>Creates a failure of the given kind.</summary>
    public EchoException(EchoError error, string endPoint, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Error = error;
        EndPoint = endPoint;
    }

    /// <summary>What went wrong.</summary>
    public EchoError Error { get; }

    /// <summary>The endpoint it went wrong with, as <c>host:port</c>.</summary>
    public string EndPoint { get; }
}
