using System;

namespace EchoSocket;

/// <summary>One probe of a watch. For one thread at a time.</summary>
public sealed class WatchProbe
{
    /// <summary>The index of the target in <see cref="EchoWatchOptions.Targets"/>.</summary>
    public int Target { get; set; }

    /// <summary>When the probe began, in UTC.</summary>
    public DateTime Time { get; set; }

    /// <summary>The name or address, as the caller wrote it.</summary>
    public string ComputerName { get; set; } = "";

    /// <summary>The port.</summary>
    public int Port { get; set; }

    /// <summary>Over UDP, not TCP.</summary>
    public bool Udp { get; set; }

    /// <summary>Whether the right bytes came back in time.</summary>
    public bool Success { get; set; }

    /// <summary>From the start of the send to the last byte of the reply, without the time to connect; null if the probe is lost.</summary>
    public TimeSpan? RoundTripTime { get; set; }

    /// <summary>The time to connect; null if the probe opened no connection.</summary>
    public TimeSpan? ConnectTime { get; set; }

    /// <summary>The stage that failed.</summary>
    public EchoPathStage FailedStage { get; set; }

    /// <summary>Why it failed, in a few words; empty on success.</summary>
    public string Reason { get; set; } = "";
}
