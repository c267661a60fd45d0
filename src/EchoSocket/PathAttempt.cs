using System;

namespace EchoSocket;

/// <summary>An attempt to connect to one address, or over UDP to get an echo from it. For one thread at a time.</summary>
public sealed class PathAttempt
{
    /// <summary>The address and port, as <c>address:port</c>.</summary>
    public string EndPoint { get; set; } = "";

    /// <summary>How long it took to succeed or to fail.</summary>
    public TimeSpan Time { get; set; }

    /// <summary>Why it failed, in a few words; empty if it succeeded.</summary>
    public string Error { get; set; } = "";

    /// <summary>Describes the attempt for a table cell or a log.</summary>
    public override string ToString() => $"{EndPoint} {(Error.Length > 0 ? Error : "connected")}";
}
