using System;
using System.Collections.Generic;
using System.Linq;
using EchoSocket.Common;

namespace EchoSocket;

/// <summary>Where an echo server listens, what it sends back, and its limits. A server takes a copy.</summary>
public sealed class EchoServerOptions : EchoServiceOptions
{
    /// <summary>The most threads that a server can have.</summary>
    public const int MaxThreadCount = 64;

    /// <summary>The default port of servers and clients.</summary>
    public const int DefaultPort = 8081;

    /// <summary>The most <see cref="Faults"/>: each one that applies to a connection needs some of the stack.</summary>
    public const int MaxFaults = 1000;

    /// <summary>The most that <see cref="KeepReceived"/> can be: 256 MiB. Arrays and strings cannot hold much more.</summary>
    public const int MaxKeepReceived = 256 * 1024 * 1024;

    private static readonly Action<byte[], int> Upper = (buffer, count) => AsciiUpper.Apply(buffer, 0, count);

    private int _backlog = 128;
    private int _maxConnections = int.MaxValue;
    private int? _connectionCount;
    private int _threadCount = 1;
    private TimeSpan? _idleTimeout;
    private TimeSpan? _keepAliveTime;
    private EchoFault[] _faults = [];
    private int _keepReceived;
    private Action<byte[], int>? _transformBytes;

    /// <summary>
    /// How many clients may wait to be accepted, 1 or more. Default 128. The operating system caps it (on Linux at
    /// <c>net.core.somaxconn</c>, see listen(2)).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int Backlog
    {
        get => _backlog;
        set => _backlog = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A backlog is 1 or more.");
    }

    /// <summary>
    /// How many clients <see cref="EchoServer.ServeMany"/> serves at once, 1 or more. Default: no limit. Further clients wait in
    /// the backlog until a connection ends.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MaxConnections
    {
        get => _maxConnections;
        set => _maxConnections = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The maximum number of connections is 1 or more.");
    }

    /// <summary>
    /// How many clients <see cref="EchoServer.ServeMany"/> serves in all before it returns, 1 or more. Further clients are
    /// refused. Default null: it serves until it is stopped.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? ConnectionCount
    {
        get => _connectionCount;
        set => _connectionCount = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The number of connections to serve is 1 or more.");
    }

    /// <summary>
    /// On how many threads <see cref="EchoServer.ServeMany"/> serves, 1 to <see cref="MaxThreadCount"/>. Each has an event loop of its
    /// own, and a new client goes to the one with the fewest clients. Default 1, which serves thousands of clients: more help if
    /// their messages keep one processor busy, and others are free. All limits are those of the server, not of a thread.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int ThreadCount
    {
        get => _threadCount;
        set => _threadCount = value is >= 1 and <= MaxThreadCount
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"A server has 1 to {MaxThreadCount} threads.");
    }

    /// <summary>
    /// How long a connection may be idle, 1 ms to <see cref="EchoClientOptions.MaximumTimeout"/>. It is idle while the client
    /// sends nothing or, if a reply is unsent, while the client does not read a good part of it (the system reports room only
    /// once about a third of the send buffer is free). The connection then ends with <see cref="EndReason.IdleTimeout"/>. Default null: no
    /// limit.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan? IdleTimeout
    {
        get => _idleTimeout;
        set => _idleTimeout = value is null || (value >= TimeSpan.FromMilliseconds(1) && value <= EchoClientOptions.MaximumTimeout)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"An idle timeout is 1 ms to {EchoClientOptions.MaximumTimeout}.");
    }

    /// <summary>How to use TLS. Default null: the server does not.</summary>
    public EchoServerTls? Tls { get; set; }

    /// <summary>
    /// TCP keep-alive: after this time without a sign of life from the peer the system sends probes, and ends the connection if none of
    /// five is answered in about as much time again (a second apart at least). 1 s to 32,767 s, rounded up to whole seconds.
    /// Default null: none.
    /// </summary>
    /// <remarks>
    /// It notices a peer that has vanished without FIN or RST while nothing is on its way to it. Bytes that the peer does not
    /// acknowledge are sent again instead, as long as the system tries that.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan? KeepAliveTime
    {
        get => _keepAliveTime;
        set => _keepAliveTime = value is null || (value >= TimeSpan.FromSeconds(1) && value <= KeepAlive.MaximumTime)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"A keep-alive time is 1 s to {KeepAlive.MaximumTime.TotalSeconds:0} s.");
    }

    /// <summary>
    /// How the server misbehaves on purpose. Several compose in the order given, see <see cref="EchoFault"/>. Default empty: not at all.
    /// </summary>
    /// <exception cref="ArgumentException">The list has an element that is null, or more than <see cref="MaxFaults"/>.</exception>
    public IReadOnlyList<EchoFault> Faults
    {
        get => _faults;
        set => _faults = value is null || value.Any(fault => fault is null)
            ? throw new ArgumentException("A list of faults has no element that is null.", nameof(value))
            : value.Count > MaxFaults ? throw new ArgumentException($"A list of faults has at most {MaxFaults} elements.", nameof(value))
            : [.. value];
    }

    /// <summary>
    /// Makes what is random about the faults repeatable: everything follows from the seed and the connection's number. Default
    /// null: one is chosen, see <see cref="EchoServer.Seed"/>.
    /// </summary>
    public int? Seed { get; set; }

    /// <summary>
    /// How many of the first bytes that a client sends are kept for <see cref="ConnectionResult.ReceivedBytes"/>, 0 to <see cref="MaxKeepReceived"/>. Default 0.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int KeepReceived
    {
        get => _keepReceived;
        set => _keepReceived = value is >= 0 and <= MaxKeepReceived
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"The number of bytes to keep is 0 to {MaxKeepReceived}.");
    }

    /// <summary>What this system lacks for <see cref="KeepAliveTime"/>, as sentences for the user; null if nothing.</summary>
    public string? KeepAliveLimitation => _keepAliveTime is { } time ? KeepAlive.Limitation(time) : null;

    /// <summary>A copy, so that later changes do not reach a server.</summary>
    internal EchoServerOptions Copy()
    {
        var copy = (EchoServerOptions)MemberwiseClone();
        copy.Tls = Tls?.Copy();
        return copy;
    }

    /// <summary>Transforms the bytes in place; null to leave them unchanged. A test may replace it.</summary>
    internal Action<byte[], int>? TransformBytes
    {
        get => _transformBytes ?? (Transform == EchoTransform.Upper ? Upper : null);
        set => _transformBytes = value;
    }

    /// <summary>How long stopping waits for clients to read their replies and to close. A test may change it.</summary>
    internal TimeSpan StopGrace { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How many bytes of unsent replies the server keeps, for all clients together. Beyond this it reads only 4 KiB at
    /// once (20 KiB over TLS). A test may change it.
    /// </summary>
    internal long UnsentBudget { get; set; } = 64 * 1024 * 1024;
}
