using System;

namespace EchoSocket;

/// <summary>One probe of a watch.</summary>
public sealed class EchoProbe(WatchProbe result)
{
    /// <summary>When the probe began, in UTC.</summary>
    public DateTime Time => result.Time;

    public string ComputerName => result.ComputerName;

    public int Port => result.Port;

    /// <summary>Over UDP, not TCP.</summary>
    public bool Udp => result.Udp;

    public bool Success => result.Success;

    /// <summary>From the start of the send to the last byte of the reply; null if the probe is lost.</summary>
    public double? RoundTripMilliseconds => Milliseconds.From(result.RoundTripTime);

    /// <summary>Null if the probe opened no connection.</summary>
    public double? ConnectMilliseconds => Milliseconds.From(result.ConnectTime);

    public string FailedStage => result.FailedStage.ToString();

    public string Reason => result.Reason;
}
