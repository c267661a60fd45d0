using System;

namespace EchoSocket;

/// <summary>A message and its reply. Plain data: it keeps its values when it is serialized.</summary>
public sealed class EchoReply
{
    /// <summary>The message as it was sent.</summary>
    public string Message { get; set; } = "";

    /// <summary>The reply, in the same encoding.</summary>
    public string Reply { get; set; } = "";

    /// <summary>The number of bytes sent, and received.</summary>
    public int ByteCount { get; set; }

    /// <summary>From the start of the send to the last byte of the reply.</summary>
    public TimeSpan RoundTripTime { get; set; }

    /// <summary>This end, as <c>address:port</c>.</summary>
    public string LocalEndPoint { get; set; } = "";

    /// <summary>The server's end, as <c>address:port</c>.</summary>
    public string RemoteEndPoint { get; set; } = "";
}
