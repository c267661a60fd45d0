using System;
using EchoSocket.Polling;

namespace EchoSocket;

/// <summary>
/// Whom to measure, and how: how many messages or how long, how large, over how many connections, and at what pace.
/// </summary>
public sealed class EchoMeterOptions : EchoClientOptions
{
    /// <summary>The most connections, and the most messages outstanding on each.</summary>
    public const int MostAtOnce = 10_000;

    /// <summary>The largest message: 1 GiB.</summary>
    public const int LargestMessage = 1 << 30;

    /// <summary>The highest rate, in messages a second.</summary>
    public const double HighestRate = 10_000_000;

    private long? _count;
    private TimeSpan? _duration;
    private int _messageSize = 32;
    private int _connections = 1;
    private int _inFlight = 1;
    private double? _rate;
    private int _warmupCount = 1;

    /// <summary>Sets the defaults; a lost message is given up after 5 s rather than 30.</summary>
    public EchoMeterOptions() => OperationTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How many messages to send in all, 1 or more. Null where <see cref="Duration"/> bounds the run. Default 1,000 unless
    /// there is a duration.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long? Count
    {
        get => _count ?? (_duration is null ? 1000 : null);
        set => _count = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "At least 1 message has to be sent.");
    }

    /// <summary>
    /// How long to go on sending, 1 ms to <see cref="EchoClientOptions.MaximumTimeout"/>. Default null: until
    /// <see cref="Count"/> is reached. Where both are given, the first that is reached ends the run. Replies to what was
    /// sent before are still waited for.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan? Duration
    {
        get => _duration;
        set => _duration = value is { } duration ? Checked(duration) : null;
    }

    /// <summary>The size of a message in bytes, 1 to <see cref="LargestMessage"/>. Default 32.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int MessageSize
    {
        get => _messageSize;
        set => _messageSize = value is >= 1 and <= LargestMessage
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"A message is 1 to {LargestMessage} bytes.");
    }

    /// <summary>How many connections share the messages, 1 to <see cref="MostAtOnce"/>. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int Connections
    {
        get => _connections;
        set => _connections = AtOnce(value);
    }

    /// <summary>
    /// How many messages each connection may have outstanding, 1 to <see cref="MostAtOnce"/>. Default 1: each waits for
    /// the reply to the one before it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int InFlight
    {
        get => _inFlight;
        set => _inFlight = AtOnce(value);
    }

    /// <summary>
    /// Messages a second over all connections, above 0 and up to <see cref="HighestRate"/>. Default null, a closed loop: a
    /// message is sent when a reply has come. With a rate it is an open loop: each message has an intended send time, and
    /// its latency counts from that, so that what waits behind a stalled server shows (the "coordinated omission" that a
    /// closed loop commits).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public double? Rate
    {
        get => _rate;
        set => _rate = value is null or (> 0 and <= HighestRate)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"A rate is above 0 and at most {HighestRate:0} messages a second.");
    }

    /// <summary>
    /// How many messages each connection sends first that are checked but not counted, 0 or more. Default 1: the first one
    /// pays for what is cold, here and on the way. One that is lost is counted all the same.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 0.</exception>
    public int WarmupCount
    {
        get => _warmupCount;
        set => _warmupCount = value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A number of messages is 0 or more.");
    }

    /// <summary>
    /// Looks for a reply again and again for up to 50 µs before waiting for it, as long as that pays: on an idle processor
    /// most of a short round trip is the waking up, which is then not measured. It costs that processor's time. Default
    /// false.
    /// </summary>
    public bool Spin { get; set; }

    /// <summary>What waits for sockets; a test may choose.</summary>
    internal Func<IPoller> Poller { get; set; } = Polling.Poller.Create;

    private static int AtOnce(int value) => value is >= 1 and <= MostAtOnce
        ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, $"The value is 1 to {MostAtOnce}.");
}
