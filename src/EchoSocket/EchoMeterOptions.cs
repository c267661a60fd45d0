using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using EchoSocket.Polling;

namespace EchoSocket;

/// <summary>
/// Which server to measure, and how: how many messages or for how long, of what size, over how many connections, at what
/// rate. Not thread-safe. A meter copies them when it is created.
/// </summary>
public class EchoMeterOptions : EchoClientOptions
{
    /// <summary>The highest number of connections.</summary>
    public const int MaxConnections = 10_000;

    /// <summary>The highest number of outstanding messages on each connection.</summary>
    public const int MaxInFlight = 10_000;

    /// <summary>The largest message size in bytes: 1 GiB.</summary>
    public const int MaxMessageSize = 1 << 30;

    /// <summary>The highest rate, in messages a second.</summary>
    public const double MaxRate = 10_000_000;

    private long? _count;
    private TimeSpan? _duration;
    private int _messageSize = 32;
    private int _connections = 1;
    private int? _inFlight;
    private double? _rate;
    private int _warmupCount = 1;

    /// <summary>Sets the defaults. <see cref="EchoClientOptions.OperationTimeout"/> is 5 s rather than 30.</summary>
    public EchoMeterOptions() => OperationTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How many messages to send over all connections, 1 or more; null if only <see cref="Duration"/> ends the run. Default
    /// 1,000, or null if there is a duration.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long? Count
    {
        get => _count ?? (_duration is null ? 1000 : null);
        set => _count = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The number of messages must be at least 1.");
    }

    /// <summary>
    /// How long to send, 1 ms to <see cref="EchoClientOptions.MaximumTimeout"/>. Default null: until <see cref="Count"/> is
    /// reached. If both are set, the first that is reached ends the sending. The run then still waits for the replies.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan? Duration
    {
        get => _duration;
        set => _duration = value is { } duration ? Checked(duration) : null;
    }

    /// <summary>The size of a message in bytes, 1 to <see cref="MaxMessageSize"/>. Default 32.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int MessageSize
    {
        get => _messageSize;
        set => _messageSize = Checked(value, MinSize, MaxSize);
    }

    /// <summary>How many connections share the messages, 1 to <see cref="MaxConnections"/>. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int Connections
    {
        get => _connections;
        set => _connections = Checked(value, 1, MaxConnections);
    }

    /// <summary>
    /// How many messages each connection may have outstanding, 1 to <see cref="MaxInFlight"/>. Default 1: each message waits
    /// for the reply to the one before it. A high limit costs memory only for messages that are really outstanding.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int InFlight
    {
        get => _inFlight ?? DefaultInFlight;
        set => _inFlight = Checked(value, 1, MaxInFlight);
    }

    /// <summary>
    /// Messages a second over all connections, above 0 and up to <see cref="MaxRate"/>. Default null, a closed loop: a
    /// message is sent when a reply has come. With a rate it is an open loop: each message has an intended send time, and its
    /// round trip counts from that. So messages that wait behind a stalled server show, which a closed loop hides
    /// ("coordinated omission").
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public double? Rate
    {
        get => _rate;
        set => _rate = value is null or (> 0 and <= MaxRate)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"The rate must be above 0 and at most {MaxRate:0} messages a second.");
    }

    /// <summary>
    /// How many messages each connection sends before the measurement, 0 or more. They are checked but not counted, unless one
    /// is lost. Default 1, because the first message finds cold caches, here and on the path.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 0.</exception>
    public int WarmupCount
    {
        get => _warmupCount;
        set => _warmupCount = Checked(value, 0, int.MaxValue);
    }

    /// <summary>
    /// Polls for a reply for up to 50 µs before waiting for it, as long as that pays off. On an idle processor most of a short
    /// round trip is the time to wake it up, which is then not measured. It keeps one processor busy. Default false.
    /// </summary>
    public bool Spin { get; set; }

    /// <summary>How many messages may be outstanding if <see cref="InFlight"/> was not set.</summary>
    private protected virtual int DefaultInFlight => 1;

    /// <summary>The smallest message size.</summary>
    private protected virtual int MinSize => 1;

    /// <summary>The largest message size.</summary>
    private protected virtual int MaxSize => MaxMessageSize;

    /// <summary>Makes the poller that the meter waits with. A test may choose another one.</summary>
    internal Func<IPoller> Poller { get; set; } = Polling.Poller.Create;

    /// <summary>Reads the clock, in stopwatch ticks. A test may choose another one.</summary>
    internal Func<long> Timestamp { get; set; } = Stopwatch.GetTimestamp;

    internal EchoMeterOptions Copy()
    {
        var copy = (EchoMeterOptions)MemberwiseClone();
        copy.Tls = Tls?.Copy();
        return copy;
    }

    private static int Checked(int value, int min, int max, [CallerMemberName] string name = "") => value >= min && value <= max
        ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, $"{name} must be {min} to {max}.");
}
