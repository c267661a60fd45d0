using System;
using System.Threading;
using EchoSocket.Common;

namespace EchoSocket.Measuring;

/// <summary>
/// The state of one measurement: its pace and its totals. Any thread may read <see cref="OpenConnections"/> and
/// <see cref="Start"/>; the other members are for the measuring thread.
/// </summary>
internal sealed class MeterRun(int warmupCount)
{
    private int _openConnections;
    private long _start;

    /// <summary>The pace of the current phase.</summary>
    public Pace Pace { get; private set; } = new WarmUp(warmupCount);

    /// <summary>Connections that have not failed.</summary>
    public int OpenConnections
    {
        get => Volatile.Read(ref _openConnections);
        set => Volatile.Write(ref _openConnections, value);
    }

    /// <summary>When the warm-up ended, in stopwatch ticks; 0 before that.</summary>
    public long Start => Volatile.Read(ref _start);

    public bool IsMeasuring => _start > 0;

    /// <summary>From <see cref="Start"/> to the end of the run; the time of the warm-up if that never ended.</summary>
    public TimeSpan Duration { get; private set; }

    public long Outstanding { get; private set; }

    /// <summary>Messages begun, except those of the warm-up that were answered.</summary>
    public long Sent { get; private set; }

    public long Lost { get; private set; }

    /// <summary>What the first TLS handshake has agreed on; null if none is complete.</summary>
    public TlsDetails? Tls { get; set; }

    /// <summary>The mean time of the TLS handshakes; null if none is complete.</summary>
    public TimeSpan? TlsTime { get; set; }

    /// <summary>Whether every connection failed before all messages were sent.</summary>
    public bool EndedEarly { get; private set; }

    public void BeginMeasuring(long now, Pace pace)
    {
        Pace = pace;
        Volatile.Write(ref _start, now);
    }

    public void End(long ticks)
    {
        Duration = Clock.ToTimeSpan(ticks);
        EndedEarly = _openConnections == 0 && (!Pace.IsOver || Pace.NeverSent > 0);
    }

    public void Begun(int count)
    {
        Outstanding += count;
        Sent += IsMeasuring ? count : 0;
    }

    public void Answered(int count) => Outstanding -= count;

    /// <summary>Notes that a connection has failed with this many messages outstanding.</summary>
    public void Failed(int outstanding)
    {
        OpenConnections--;
        Outstanding -= outstanding;
        Lost += outstanding;
        Sent += IsMeasuring ? 0 : outstanding;
    }
}
