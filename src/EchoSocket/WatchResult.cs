using System;

namespace EchoSocket;

/// <summary>What a watch has found about one target. Times of replies are null if there was none. For one thread at a time.</summary>
public sealed class WatchResult
{
    /// <summary>When the first probe began, in UTC.</summary>
    public DateTime StartTime { get; set; }

    /// <summary>The name or address, as the caller wrote it.</summary>
    public string ComputerName { get; set; } = "";

    /// <summary>The port.</summary>
    public int Port { get; set; }

    /// <summary>Over UDP, not TCP.</summary>
    public bool Udp { get; set; }

    /// <summary>
    /// From the first probe to the end. Unless the watch was stopped, the last probe counts for a whole interval, as every other
    /// one does.
    /// </summary>
    public TimeSpan Duration { get; set; }

    /// <summary>How many probes there were. One that was cancelled by the end of the watch is none.</summary>
    public long Probes { get; set; }

    /// <summary>How many of them had no right reply in time.</summary>
    public long Lost { get; set; }

    /// <summary>The shortest round trip.</summary>
    public TimeSpan? Minimum { get; set; }

    /// <summary>The mean round trip.</summary>
    public TimeSpan? Mean { get; set; }

    /// <summary>The median round trip.</summary>
    public TimeSpan? P50 { get; set; }

    /// <summary>99 % of the round trips took no longer.</summary>
    public TimeSpan? P99 { get; set; }

    /// <summary>The longest round trip.</summary>
    public TimeSpan? Maximum { get; set; }

    /// <summary>By how much a round trip differs from the one before it, on average; null if there were fewer than two.</summary>
    public TimeSpan? Jitter { get; set; }

    /// <summary>How many outages there were, with an open one.</summary>
    public long Outages { get; set; }

    /// <summary>How long all outages lasted together.</summary>
    public TimeSpan OutageTime { get; set; }

    /// <summary>The length of the longest outage; zero if there was none.</summary>
    public TimeSpan LongestOutage { get; set; }

    /// <summary>The outage that has not ended; null if the last probe succeeded.</summary>
    public WatchOutage? OpenOutage { get; set; }

    /// <summary>The share of the time that was not in an outage, 0 to 1; null if there was no probe.</summary>
    public double? Availability =>
        Probes == 0 ? null : Duration > TimeSpan.Zero ? 1 - ((double)OutageTime.Ticks / Duration.Ticks) : Lost == 0 ? 1 : 0;
}
