using System;
using System.Threading;
using EchoSocket.Common;

namespace EchoSocket.Measuring;

/// <summary>
/// The state of one measurement over UDP. Any thread may read <see cref="OpenSockets"/>, <see cref="Start"/> and
/// <see cref="Lost"/>; the other members are for the measuring thread.
/// </summary>
internal sealed class DatagramRun(int warmupCount)
{
    /// <summary>How many time-outs long a run that has no end in time of its own goes on without any reply.</summary>
    public const int MaxSilence = 10;

    private int _openSockets;
    private long _start;
    private long _lost;

    /// <summary>The pace of the current phase.</summary>
    public Pace Pace { get; private set; } = new WarmUp(warmupCount);

    public int OpenSockets
    {
        get => Volatile.Read(ref _openSockets);
        set => Volatile.Write(ref _openSockets, value);
    }

    /// <summary>When the warm-up ended, in stopwatch ticks; 0 before that.</summary>
    public long Start => Volatile.Read(ref _start);

    public bool IsMeasuring => _start > 0;

    /// <summary>Datagrams counted as lost so far, without those whose reply came late.</summary>
    public long Lost => Volatile.Read(ref _lost);

    /// <summary>From <see cref="Start"/> to the end of the run; the time of the warm-up if that never ended.</summary>
    public TimeSpan Duration { get; private set; }

    /// <summary>Datagrams begun and not settled, on all sockets.</summary>
    public long Outstanding { get; set; }

    /// <summary>When the last right reply came, or else when the run began, in stopwatch ticks.</summary>
    public long LastReply { get; set; }

    /// <summary>Whether any right reply has come, in the warm-up too.</summary>
    public bool HasReply { get; set; }

    /// <summary>Nothing has come back for a long time, so nothing more is sent.</summary>
    public bool IsSilent { get; set; }

    /// <summary>A socket failed before any reply came.</summary>
    public bool HasFailed { get; set; }

    public void BeginMeasuring(long now, Pace pace)
    {
        Pace = pace;
        _lost = 0;
        Volatile.Write(ref _start, now);
    }

    public void End(long ticks) => Duration = Clock.ToTimeSpan(ticks);

    /// <summary>Changes the number of lost datagrams: one that came late is lost no more.</summary>
    public void AddLost(int count) => Volatile.Write(ref _lost, _lost + count);
}
