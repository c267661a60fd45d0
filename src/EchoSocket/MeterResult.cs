using System;
using System.Collections.Generic;

namespace EchoSocket;

/// <summary>
/// The result of measuring an echo server; over UDP a <see cref="UdpMeterResult"/>. Round-trip times are null if there was no reply.
/// </summary>
public class MeterResult
{
    /// <summary>When the run began, in UTC.</summary>
    public DateTime StartTime { get; set; }

    /// <summary>The name or address that was measured.</summary>
    public string ComputerName { get; set; } = "";

    /// <summary>The port that was measured.</summary>
    public int Port { get; set; }

    /// <summary>The server's endpoint, as <c>address:port</c>; empty if there was no connection.</summary>
    public string RemoteEndPoint { get; set; } = "";

    /// <summary>How many connections were opened.</summary>
    public int Connections { get; set; }

    /// <summary>How many messages each connection could have outstanding.</summary>
    public int InFlight { get; set; }

    /// <summary>In bytes.</summary>
    public int MessageSize { get; set; }

    /// <summary>The requested rate in messages a second; null for a closed loop.</summary>
    public double? Rate { get; set; }

    /// <summary>True if the meter polled for replies, so the times exclude most of what waking an idle processor takes.</summary>
    public bool Spin { get; set; }

    /// <summary>From the end of the warm-up to the end of the run; the time of the warm-up if that failed.</summary>
    public TimeSpan Duration { get; set; }

    /// <summary>Messages sent, without the warm-up.</summary>
    public long Sent { get; set; }

    /// <summary>Messages whose reply was complete, correct and in time.</summary>
    public long Received { get; set; }

    /// <summary>
    /// Messages without such a reply, because their connection failed. Messages that were outstanding when a run was stopped
    /// are neither received nor lost.
    /// </summary>
    public long Lost { get; set; }

    /// <summary>How many connections failed, by kind of failure (<see cref="EchoError"/>).</summary>
    public Dictionary<string, long> Errors { get; set; } = [];

    /// <summary>
    /// A sentence for each kind of failure, and one if the run ended early, was stopped, or could not keep the requested rate;
    /// otherwise empty.
    /// </summary>
    public string Detail { get; set; } = "";

    /// <summary>The mean time to connect; null if there was no connection.</summary>
    public TimeSpan? ConnectTime { get; set; }

    /// <summary>The mean time of the TLS handshakes, which is part of no round trip; null without TLS.</summary>
    public TimeSpan? TlsTime { get; set; }

    /// <summary>What the first TLS handshake has agreed on, and the server's certificate; null without TLS.</summary>
    public TlsDetails? Tls { get; set; }

    /// <summary>The shortest round trip.</summary>
    public TimeSpan? Minimum { get; set; }

    /// <summary>The mean round trip.</summary>
    public TimeSpan? Mean { get; set; }

    /// <summary>The standard deviation of the round trips.</summary>
    public TimeSpan? StandardDeviation { get; set; }

    /// <summary>The median round trip.</summary>
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

    /// <summary>Bytes received a second; as many were sent.</summary>
    public double BytesPerSecond { get; set; }

    /// <summary>The distribution of the round trips: 40 buckets per decade, without the empty ones.</summary>
    public HistogramBucket[] Histogram { get; set; } = [];

    /// <summary>
    /// The distribution in nanoseconds, to three significant digits, in HdrHistogram's compressed format V2, as Base64. Other
    /// tools can merge or draw it.
    /// </summary>
    public string HdrHistogram { get; set; } = "";
}

/// <summary>The number of round trips within two bounds.</summary>
public sealed class HistogramBucket
{
    /// <summary>The number of buckets from a time to ten times that time.</summary>
    public const int PerDecade = 40;

    /// <summary>The inclusive lower bound, in microseconds.</summary>
    public double FromMicroseconds { get; set; }

    /// <summary>The exclusive upper bound, in microseconds.</summary>
    public double ToMicroseconds { get; set; }

    /// <summary>The number of round trips.</summary>
    public long Count { get; set; }

    /// <summary>The bucket as text, for a log.</summary>
    public override string ToString() => FormattableString.Invariant($"{FromMicroseconds:0.###}-{ToMicroseconds:0.###} us: {Count}");
}
