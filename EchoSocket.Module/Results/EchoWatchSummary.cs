using System;

namespace EchoSocket;

/// <summary>What a watch has found about one target. Times of replies are null if there was none.</summary>
public sealed class EchoWatchSummary(WatchResult result)
{
    /// <summary>When the first probe began, in UTC.</summary>
    public DateTime Time => result.StartTime;

    public string ComputerName => result.ComputerName;

    public int Port => result.Port;

    /// <summary>Over UDP, not TCP.</summary>
    public bool Udp => result.Udp;

    public double DurationMilliseconds => Milliseconds.From(result.Duration);

    public long Probes => result.Probes;

    public long Lost => result.Lost;

    /// <summary>Null if there was no probe.</summary>
    public double? LostPercent => result.Probes > 0 ? 100.0 * result.Lost / result.Probes : null;

    public double? MinimumMilliseconds => Milliseconds.From(result.Minimum);

    public double? MeanMilliseconds => Milliseconds.From(result.Mean);

    public double? P50Milliseconds => Milliseconds.From(result.P50);

    public double? P99Milliseconds => Milliseconds.From(result.P99);

    public double? MaximumMilliseconds => Milliseconds.From(result.Maximum);

    /// <summary>By how much a round trip differs from the one before it, on average.</summary>
    public double? JitterMilliseconds => Milliseconds.From(result.Jitter);

    public long Outages => result.Outages;

    /// <summary>How long all outages lasted together.</summary>
    public double OutageMilliseconds => Milliseconds.From(result.OutageTime);

    public double LongestOutageMilliseconds => Milliseconds.From(result.LongestOutage);

    /// <summary>Since when the target is in an outage, in UTC; null if the last probe succeeded.</summary>
    public DateTime? OutageSince => result.OpenOutage?.Start;

    /// <summary>Why the first probe of that outage failed; otherwise empty.</summary>
    public string OutageReason => result.OpenOutage is { } open ? $"{open.FailedStage}: {open.Reason}" : "";

    /// <summary>The share of the time that was not in an outage; null if there was no probe.</summary>
    public double? AvailabilityPercent => 100 * result.Availability;
}
