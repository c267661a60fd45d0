using System;

namespace EchoSocket;

/// <summary>A time in which every probe of a target was lost.</summary>
public sealed class EchoOutage(WatchOutage result)
{
    /// <summary>When the first probe that was lost began, in UTC.</summary>
    public DateTime Start => result.Start;

    /// <summary>When the next probe that succeeded began, in UTC; null if the outage is open.</summary>
    public DateTime? End => result.End;

    public string ComputerName => result.ComputerName;

    public int Port => result.Port;

    /// <summary>Over UDP, not TCP.</summary>
    public bool Udp => result.Udp;

    public double DurationMilliseconds => Milliseconds.From(result.Duration);

    public long ProbesLost => result.ProbesLost;

    /// <summary>The stage at which the first of them failed.</summary>
    public string FailedStage => result.FailedStage.ToString();

    public string Reason => result.Reason;
}
