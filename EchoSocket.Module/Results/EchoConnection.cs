using System;

namespace EchoSocket;

/// <summary>How a client's connection ended. A busy server creates many, so each is only a reference to the core's result.</summary>
public sealed class EchoConnection(ConnectionResult result)
{
    /// <summary>When the connection was accepted, in UTC.</summary>
    public DateTime Time => result.StartTime;

    public string LocalEndPoint => result.LocalEndPoint;

    public string RemoteEndPoint => result.RemoteEndPoint;

    public double DurationMilliseconds => Milliseconds.From(result.Duration);

    public long BytesReceived => result.BytesReceived;

    public long BytesSent => result.BytesSent;

    public string EndReason => result.EndReason.ToString();

    public string Detail => result.Detail;
}
