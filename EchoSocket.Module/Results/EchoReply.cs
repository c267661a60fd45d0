using System;

namespace EchoSocket;

/// <summary>A message and its reply.</summary>
public sealed class EchoReply : TlsResult
{
    public EchoReply()
        : this(null)
    {
    }

    public EchoReply(TlsDetails? tls)
        : base(tls, tls?.HandshakeTime)
    {
    }

    /// <summary>When the message was sent, in UTC.</summary>
    public DateTime Time { get; set; }

    public string Message { get; set; } = "";

    public string Reply { get; set; } = "";

    /// <summary>The number of bytes sent, and received.</summary>
    public int ByteCount { get; set; }

    /// <summary>From the start of the send to the last byte of the reply.</summary>
    public double RoundTripMilliseconds { get; set; }

    public string LocalEndPoint { get; set; } = "";

    public string RemoteEndPoint { get; set; } = "";
}
