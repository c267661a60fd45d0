using System;

namespace EchoSocket;

/// <summary>The largest datagram that comes back whole over a path. Sizes are null if none came back.</summary>
public sealed class PathMtuResult
{
    /// <summary>When the search began, in UTC.</summary>
    public DateTime StartTime { get; set; }

    /// <summary>The name or address of the server.</summary>
    public string ComputerName { get; set; } = "";

    /// <summary>The port of the server.</summary>
    public int Port { get; set; }

    /// <summary>The server's endpoint, as <c>address:port</c>; empty if there was none.</summary>
    public string RemoteEndPoint { get; set; } = "";

    /// <summary>The largest message in bytes.</summary>
    public int? MaxMessageSize { get; set; }

    /// <summary>
    /// The size of its packet: the message and the headers, 28 bytes with IPv4 and 48 with IPv6. It is the smaller one of both
    /// directions.
    /// </summary>
    public int? PathMtu { get; set; }

    /// <summary>Datagrams sent.</summary>
    public int Probes { get; set; }

    /// <summary>Datagrams that did not come back whole.</summary>
    public int Lost { get; set; }

    /// <summary>How long the search took.</summary>
    public TimeSpan Duration { get; set; }

    /// <summary>What else there is to know, as sentences; otherwise empty.</summary>
    public string Detail { get; set; } = "";

    /// <summary>Why nothing came back; null if something did.</summary>
    public EchoException? Failure { get; set; }
}
