using System;

namespace EchoSocket;

/// <summary>A time in which every probe of a target was lost. For one thread at a time.</summary>
public sealed class WatchOutage
{
    /// <summary>The index of the target in <see cref="EchoWatchOptions.Targets"/>.</summary>
    public int Target { get; set; }

    /// <summary>The name or address, as the caller wrote it.</summary>
    public string ComputerName { get; set; } = "";

    /// <summary>The port.</summary>
    public int Port { get; set; }

    /// <summary>Over UDP, not TCP.</summary>
    public bool Udp { get; set; }

    /// <summary>When the first probe that was lost began, in UTC.</summary>
    public DateTime Start { get; set; }

    /// <summary>When the next probe that succeeded began, in UTC; null if the outage is open.</summary>
    public DateTime? End { get; set; }

    /// <summary>From the start to the end; of an open outage up to now, or to the end of the watch.</summary>
    public TimeSpan Duration { get; set; }

    /// <summary>How many probes were lost.</summary>
    public long ProbesLost { get; set; }

    /// <summary>The stage at which the first of them failed.</summary>
    public EchoPathStage FailedStage { get; set; }

    /// <summary>Why the first of them failed, in a few words.</summary>
    public string Reason { get; set; } = "";
}
