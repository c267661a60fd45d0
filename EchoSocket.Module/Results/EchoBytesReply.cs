using System;

namespace EchoSocket;

/// <summary>A message of bytes and its reply, as hexadecimal digits. (The types file adds both as arrays of bytes.)</summary>
public sealed class EchoBytesReply : TlsResult
{
    public EchoBytesReply()
        : this(null)
    {
    }

    public EchoBytesReply(TlsDetails? tls)
        : base(tls, tls?.HandshakeTime)
    {
    }

    /// <summary>When the message was sent, in UTC.</summary>
    public DateTime Time { get; set; }

    public string MessageHex { get; set; } = "";

    public string ReplyHex { get; set; } = "";

    /// <inheritdoc cref="EchoReply.ByteCount"/>
    public int ByteCount { get; set; }

    /// <inheritdoc cref="EchoReply.RoundTripMilliseconds"/>
    public double RoundTripMilliseconds { get; set; }

    public string LocalEndPoint { get; set; } = "";

    public string RemoteEndPoint { get; set; } = "";
}
