using System;
using System.Collections.Generic;
using System.Threading;
using EchoSocket.Watching;

namespace EchoSocket;

/// <summary>Which servers to watch, how often, and for how long. Not thread-safe. A watch reads them when it is created.</summary>
public sealed class EchoWatchOptions
{
    /// <summary>The most targets. Each has a thread.</summary>
    public const int MaxTargets = 1000;

    /// <summary>The shortest interval.</summary>
    public static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(10);

    private EchoWatchTarget[] _targets = [];
    private TimeSpan _interval = TimeSpan.FromSeconds(1);
    private TimeSpan? _timeout;
    private TimeSpan? _duration;
    private long? _count;

    /// <summary>
    /// The servers to watch, 1 to <see cref="MaxTargets"/>. They must not change while the watch runs. Their own time-outs are
    /// not used.
    /// </summary>
    /// <exception cref="ArgumentException">There is no target, or there are too many.</exception>
    public IReadOnlyList<EchoWatchTarget> Targets
    {
        get => _targets;
        set => _targets = value is { Count: >= 1 and <= MaxTargets }
            ? [.. value]
            : throw new ArgumentException($"A watch has 1 to {MaxTargets} targets.", nameof(value));
    }

    /// <summary>
    /// The time from one probe of a target to its next, counted from start to start; <see cref="MinInterval"/> to
    /// <see cref="EchoClientOptions.MaximumTimeout"/>. Default 1 s.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan Interval
    {
        get => _interval;
        set => _interval = Checked(value, MinInterval);
    }

    /// <summary>
    /// How long a probe may take, all its stages together; 1 ms to <see cref="EchoClientOptions.MaximumTimeout"/>. Default:
    /// the interval, but at least 1 s and at most 5 s.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan Timeout
    {
        get => _timeout ?? TimeSpan.FromSeconds(Math.Min(Math.Max(_interval.TotalSeconds, 1), 5));
        set => _timeout = Checked(value, TimeSpan.FromMilliseconds(1));
    }

    /// <summary>How many probes each target gets, 1 or more. Default null: no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long? Count
    {
        get => _count;
        set => _count = value is null or >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A watch has at least 1 probe.");
    }

    /// <summary>
    /// For how long each target gets probes, 1 ms to <see cref="EchoClientOptions.MaximumTimeout"/>. Default null: no limit. The
    /// watch still waits for the last replies.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan? Duration
    {
        get => _duration;
        set => _duration = value is { } duration ? Checked(duration, TimeSpan.FromMilliseconds(1)) : null;
    }

    /// <summary>
    /// Opens a connection for each probe, and over UDP resolves the name for each. Default false: the connection, or over UDP the
    /// address, is kept until a probe is lost.
    /// </summary>
    public bool Reconnect { get; set; }

    /// <summary>Makes the clock of a target. A test may choose another one.</summary>
    internal Func<EchoWatchTarget, WatchClock> Clock { get; set; } = _ => WatchClock.System;

    /// <summary>Makes what probes a target, until the token is cancelled. A test may choose another one.</summary>
    internal Func<EchoWatchTarget, CancellationToken, IProber>? Prober { get; set; }

    internal IProber ProberOf(EchoWatchTarget target, CancellationToken cancellation) =>
        Prober?.Invoke(target, cancellation)
        ?? (target.Udp ? new UdpProber(target, Reconnect, cancellation) : new ConnectionProber(target, Reconnect, cancellation));

    internal EchoWatchOptions Copy() => (EchoWatchOptions)MemberwiseClone();

    private static TimeSpan Checked(TimeSpan value, TimeSpan minimum) =>
        value >= minimum && value <= EchoClientOptions.MaximumTimeout
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"The time is {minimum} to {EchoClientOptions.MaximumTimeout}.");
}
