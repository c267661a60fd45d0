using System;

namespace EchoSocket;

/// <summary>How a client's connection went. It only refers to the core's result, since a busy server makes many.</summary>
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
