using System;

namespace EchoSocket;

/// <summary>The largest datagram that comes back whole over a path. Sizes are null if none came back.</summary>
public sealed class EchoPathMtu(PathMtuResult result)
{
    /// <summary>When the search began, in UTC.</summary>
    public DateTime Time => result.StartTime;

    public string ComputerName => result.ComputerName;

    public int Port => result.Port;

    public string RemoteEndPoint => result.RemoteEndPoint;

    /// <summary>The largest message in bytes.</summary>
    public int? MaxMessageSize => result.MaxMessageSize;

    /// <summary>The size of its packet, with 28 bytes of headers over IPv4, or 48 over IPv6.</summary>
    public int? PathMtu => result.PathMtu;

    /// <summary>Datagrams sent.</summary>
    public int Probes => result.Probes;

    /// <summary>Datagrams that did not come back whole.</summary>
    public int ProbesLost => result.Lost;

    public double DurationMilliseconds => Milliseconds.From(result.Duration);

    public string Detail => result.Detail;
}
