using System;

namespace EchoSocket;

/// <summary>The result of one client's connection, once it has ended.</summary>
public sealed class ConnectionResult
{
    /// <summary>The server's end, as <c>address:port</c>.</summary>
    public string LocalEndPoint { get; set; } = "";

    /// <summary>The client's end, as <c>address:port</c>. An IPv4 client of an IPv6 server shows its IPv4 address.</summary>
    public string RemoteEndPoint { get; set; } = "";

    /// <summary>When the connection was accepted, in UTC.</summary>
    public DateTime StartTime { get; set; }

    /// <summary>From the accept to the end.</summary>
    public TimeSpan Duration { get; set; }

    /// <summary>Bytes read from the client (over TLS: decrypted), including those discarded because the connection was ending.</summary>
    public long BytesReceived { get; set; }

    /// <summary>
    /// Bytes handed to the operating system for the client. The system delivers them even after the connection is closed. Only
    /// after a reset may the client have got fewer.
    /// </summary>
    public long BytesSent { get; set; }

    /// <summary>How the connection ended.</summary>
    public EndReason EndReason { get; set; }

    /// <summary>
    /// More than the reason says, in sentences; otherwise empty. For <see cref="EndReason.Faulted"/>: what failed. For
    /// <see cref="EndReason.PeerClosed"/>: that a TLS client sent no close_notify. For
    /// <see cref="EndReason.IdleTimeout"/> and <see cref="EndReason.Stopped"/>: how many bytes of its replies the client had not
    /// yet taken (on Linux only), and how many bytes from it were not answered.
    /// </summary>
    public string Detail { get; set; } = "";
}
