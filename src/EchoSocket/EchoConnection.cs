using System;

namespace EchoSocket;

/// <summary>
/// What a server tells of one client's connection once it has ended. Plain data: it keeps its values when it is
/// serialized.
/// </summary>
public sealed class EchoConnection
{
    /// <summary>The server's end, as <c>address:port</c>.</summary>
    public string LocalEndPoint { get; set; } = "";

    /// <summary>The client's end, as <c>address:port</c>. An IPv4 client of an IPv6 server shows its IPv4 address.</summary>
    public string RemoteEndPoint { get; set; } = "";

    /// <summary>When the connection was accepted, in local time.</summary>
    public DateTime StartTime { get; set; }

    /// <summary>From the accept to the end.</summary>
    public TimeSpan Duration { get; set; }

    /// <summary>Bytes read from the client.</summary>
    public long BytesReceived { get; set; }

    /// <summary>
    /// Bytes handed to the operating system for the client, without those of a send that was cut short. After a reset
    /// the client may have got fewer of them.
    /// </summary>
    public long BytesSent { get; set; }

    /// <summary>How the connection ended.</summary>
    public EndReason EndReason { get; set; }

    /// <summary>A sentence, where there is more to say than the reason; otherwise empty.</summary>
    public string Detail { get; set; } = "";
}
