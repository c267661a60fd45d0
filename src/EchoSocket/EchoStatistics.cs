using System;
using System.Collections.Generic;

namespace EchoSocket;

/// <summary>
/// What a measurement of an echo server found. Plain data: it keeps its values when it is serialized. A round-trip time is
/// null where no reply came.
/// </summary>
public sealed class EchoStatistics
{
    /// <summary>The name or address asked for.</summary>
    public string ComputerName { get; set; } = "";

    /// <summary>The port asked for.</summary>
    public int Port { get; set; }

    /// <summary>The server's end, as <c>address:port</c>; empty where no connection came about.</summary>
    public string RemoteEndPoint { get; set; } = "";

    /// <summary>How many connections came about.</summary>
    public int Connections { get; set; }

    /// <summary>How many messages each connection could have outstanding.</summary>
    public int InFlight { get; set; }

    /// <summary>In bytes.</summary>
    public int MessageSize { get; set; }

    /// <summary>The messages a second asked for; null for a closed loop.</summary>
    public double? Rate { get; set; }

    /// <summary>
    /// True if replies were looked for before they were waited for, so that the times leave out most of what waking an idle
    /// processor takes.
    /// </summary>
    public bool Spin { get; set; }

    /// <summary>From the first message that counts to the end of the run; all of the run where none came so far.</summary>
    public TimeSpan Duration { get; set; }

    /// <summary>Messages whose sending began, without those to warm up.</summary>
    public long Sent { get; set; }

    /// <summary>Messages whose reply came whole, right and in time.</summary>
    public long Received { get; set; }

    /// <summary>
    /// Messages whose reply never came so, because their connection failed. Of a run that was stopped, those under way are
    /// neither received nor lost.
    /// </summary>
    public long Lost { get; set; }

    /// <summary>How many connections failed, by the name of the failure (<see cref="EchoError"/>).</summary>
    public Dictionary<string, long> Errors { get; set; } = [];

    /// <summary>
    /// A sentence for each kind of failure, one if the run ended early or was stopped, and one if the path could not take the
    /// rate that was asked for; otherwise empty.
    /// </summary>
    public string Detail { get; set; } = "";

    /// <summary>How long a connection took, on average; null where none came about.</summary>
    public TimeSpan? ConnectTime { get; set; }

    /// <summary>The shortest round trip.</summary>
    public TimeSpan? Minimum { get; set; }

    /// <summary>The mean round trip.</summary>
    public TimeSpan? Mean { get; set; }

    /// <summary>The standard deviation of the round trips.</summary>
    public TimeSpan? StandardDeviation { get; set; }

    /// <summary>The median: half of the round trips took at most this long.</summary>
    public TimeSpan? P50 { get; set; }

    /// <summary>The 90th percentile.</summary>
    public TimeSpan? P90 { get; set; }

    /// <summary>The 99th percentile.</summary>
    public TimeSpan? P99 { get; set; }

    /// <summary>The 99.9th percentile.</summary>
    public TimeSpan? P999 { get; set; }

    /// <summary>The longest round trip.</summary>
    public TimeSpan? Maximum { get; set; }

    /// <summary>Replies a second.</summary>
    public double MessagesPerSecond { get; set; }

    /// <summary>Bytes of replies a second; as many were sent.</summary>
    public double BytesPerSecond { get; set; }

    /// <summary>The distribution of the round trips, 40 buckets to a decade, without the empty ones.</summary>
    public EchoHistogramBucket[] Histogram { get; set; } = [];

    /// <summary>
    /// The distribution to three digits, in nanoseconds, as HdrHistogram writes it (its compressed format V2, in Base64), to
    /// be merged or drawn by any tool that reads that. A time above 36 minutes is told as that there.
    /// </summary>
    public string HdrHistogram { get; set; } = "";
}

/// <summary>How many round trips took a time within certain bounds.</summary>
public sealed class EchoHistogramBucket
{
    /// <summary>How many buckets there are from a time to ten times that.</summary>
    public const int PerDecade = 40;

    /// <summary>The lower bound, in microseconds; a round trip of exactly this long is counted here.</summary>
    public double FromMicroseconds { get; set; }

    /// <summary>The upper bound, in microseconds; a round trip of exactly this long is counted in the next bucket.</summary>
    public double ToMicroseconds { get; set; }

    /// <summary>The number of round trips.</summary>
    public long Count { get; set; }

    /// <summary>The bucket, for a log.</summary>
    public override string ToString() => FormattableString.Invariant($"{FromMicroseconds:0.###}-{ToMicroseconds:0.###} us: {Count}");
}
