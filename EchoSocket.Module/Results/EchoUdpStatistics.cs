using System;

namespace EchoSocket;

/// <summary>
/// What a measurement over UDP found. Each datagram sent is received, late or lost, unless it was outstanding when the run was
/// stopped. Percentages are of what was sent, and null if nothing was.
/// </summary>
public sealed class EchoUdpStatistics(UdpMeterResult result) : EchoStatistics(result)
{
    // Exports begin with the properties of this class: let them begin with these, as those of all other results do.
    public new DateTime Time => base.Time;

    public new string ComputerName => base.ComputerName;

    public new int Port => base.Port;

    /// <summary>The sockets that failed; an error after the first reply ends none.</summary>
    public override long FailedConnections => result.FailedSockets;

    /// <summary>Datagrams whose reply came only when they had been counted as lost. They are not part of Lost.</summary>
    public long Late => result.Late;

    /// <summary>Replies beyond the first one to a datagram.</summary>
    public long Duplicated => result.Duplicated;

    /// <summary>Replies in time that came after the reply to a datagram sent later.</summary>
    public long Reordered => result.Reordered;

    public double? LostPercent => result.PercentOfSent(result.Lost);

    public double? LatePercent => result.PercentOfSent(result.Late);

    public double? DuplicatedPercent => result.PercentOfSent(result.Duplicated);

    public double? ReorderedPercent => result.PercentOfSent(result.Reordered);

    /// <summary>The highest number of datagrams, one after another, that were lost or late.</summary>
    public long LongestLossRun => result.LongestLossRun;

    /// <summary>As described in RFC 3550, section 6.4.1, of round-trip times.</summary>
    public double? JitterMilliseconds => Milliseconds.From(result.Jitter);

    public bool DontFragment => result.DontFragment;
}
