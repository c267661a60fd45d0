using System;

namespace EchoSocket;

/// <summary>One address that was tried. Plain data: it keeps its values when it is serialized.</summary>
public sealed class EchoConnectAttempt
{
    /// <summary>The address and port tried, as <c>address:port</c>.</summary>
    public string EndPoint { get; set; } = "";

    /// <summary>How long the attempt took, to the connection or to its failure.</summary>
    public TimeSpan Time { get; set; }

    /// <summary>Why there was no connection, in words; empty where there was one.</summary>
    public string Error { get; set; } = "";

    /// <summary>The attempt, for a table cell or a log.</summary>
    public override string ToString() => $"{EndPoint} {(Error.Length > 0 ? Error : "connected")}";
}
