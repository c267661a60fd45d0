using System;

namespace EchoSocket;

/// <summary>
/// The result of measuring a UDP echo server. Each datagram sent is counted once: as <see cref="MeterResult.Received"/>,
/// <see cref="Late"/> or <see cref="MeterResult.Lost"/>, unless it was outstanding when the run was stopped. Round trips are those of
/// the received ones.
/// </summary>
public sealed class UdpMeterResult : MeterResult
{
    /// <summary>Datagrams whose reply came only when they had been counted as lost. They are not part of Lost.</summary>
    public long Late { get; set; }

    /// <summary>Replies beyond the first one to a datagram.</summary>
    public long Duplicated { get; set; }

    /// <summary>
    /// Replies in time that came after the reply to a datagram sent later: reordered as described in RFC 4737, section 3. They are
    /// part of Received.
    /// </summary>
    public long Reordered { get; set; }

    /// <summary>The highest number of datagrams of a socket, one after another, that were lost or late.</summary>
    public long LongestLossRun { get; set; }

    /// <summary>
    /// The jitter of RFC 3550, section 6.4.1, of round-trip times instead of transit times; the mean if there are several sockets.
    /// Null if no socket has received two replies.
    /// </summary>
    public TimeSpan? Jitter { get; set; }

    /// <summary>Whether fragments were forbidden.</summary>
    public bool DontFragment { get; set; }

    /// <summary>The sockets that failed: all if an error came before any reply, one if not all could be opened, otherwise none.</summary>
    public long FailedSockets { get; set; }

    /// <summary>A count as a percentage of what was sent; null if nothing was.</summary>
    public double? PercentOfSent(long count) => Sent == 0 ? null : 100.0 * count / Sent;
}
