using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Polling;

namespace EchoSocket.Measuring;

/// <summary>
/// Sends messages over its connections and takes the time of each reply, all on one thread that waits until some are ready.
/// What may be sent at the same moment on a connection goes out in one piece.
/// </summary>
internal sealed partial class MeterLoop : IDisposable
{
    private const int FirstToken = Poller.WakeToken + 1;

    // How much later than asked for a poller's wait may end: the timer's slack on Unix, its tick on Windows.
    private static readonly long Lateness = Stopwatch.Frequency / (RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? 60 : 3000);
    private static readonly long Millisecond = Stopwatch.Frequency / 1000;

    private readonly EchoMeterOptions _options;
    private readonly string _endPoint;
    private readonly IPoller _poller;
    private readonly AdaptiveSpin? _spin;
    private readonly Func<bool> _look;
    private readonly Payload _payload;
    private readonly LatencyHistogram _latencies;
    private readonly FailureTally _failures;
    private readonly CancellationToken _cancellation;
    private readonly byte[] _buffer = new byte[Payload.LongestPiece];
    private readonly int[] _ready = new int[512];
    private readonly long[] _since; // of the messages that one read has answered
    private readonly long _timeout;
    private readonly int _sweepMilliseconds;
    private MeteredConnection[] _connections = [];
    private Pace _pace;
    private bool _counts;
    private long _nextSweep;
    private long _now; // when something last came, or was waited for in vain
    private int _readyCount;
    private int _alive;
    private long _outstanding;

    public MeterLoop(EchoMeterOptions options, LatencyHistogram latencies, FailureTally failures, CancellationToken cancellation)
    {
        _options = options;
        _endPoint = Connector.Display(options.Host, options.Port);
        _payload = new Payload(options.MessageSize);
        _poller = options.Poller();
        _latencies = latencies;
        _failures = failures;
        _cancellation = cancellation;
        _look = () => (_readyCount = _poller.Wait(0, _ready)) > 0;
        _spin = options.Spin ? new AdaptiveSpin(lookCosts: false) : null;
        _pace = new WarmUp(options.WarmupCount);
        _since = new long[options.InFlight];
        _timeout = Clock.Ticks(options.OperationTimeout);

        // A message is found lost at most a twentieth of its time too late.
        _sweepMilliseconds = (int)Math.Max(Math.Min(options.OperationTimeout.TotalMilliseconds / 20, 250), 1);
    }

    /// <summary>It has its connections.</summary>
    public bool IsRunning => Volatile.Read(ref _alive) > 0;

    /// <summary>When the part of the run that counts began, in the stopwatch's ticks; 0 before.</summary>
    public long Start { get; private set; }

    /// <summary>From <see cref="Start"/> to the end of the run; where it never came so far, all of it.</summary>
    public TimeSpan Duration { get; private set; }

    public long Sent { get; private set; }

    public long Lost { get; private set; }

    /// <summary>Every connection failed before all was sent.</summary>
    public bool EndedEarly { get; private set; }

    /// <summary>Messages of an open loop whose time came, but that there was never room for.</summary>
    public long NeverSent { get; private set; }

    private bool Goes => _alive > 0 && !_cancellation.IsCancellationRequested;

    /// <summary>
    /// Runs over these connections until all is sent and answered or lost, or the token is cancelled. To be called once.
    /// </summary>
    public void Run(IReadOnlyList<Socket> sockets)
    {
        _connections = [.. sockets.Select((socket, i) => new MeteredConnection(_poller.Adopt(socket, FirstToken + i), FirstToken + i, i, _options))];
        _alive = _connections.Length;

        using var registration = _cancellation.Register(_poller.Wake);
        var start = Stopwatch.GetTimestamp();
        RunPhase(); // to warm up
        if (Goes)
        {
            Start = start = Stopwatch.GetTimestamp();
            _counts = true;
            var open = _options.Rate is { } rate
                ? new OpenLoop(rate, _connections.Length, Start, _options.Count, _options.Duration, _options.OperationTimeout)
                : null;
            _pace = open ?? (Pace)new ClosedLoop(_options.Count, _options.Duration is { } duration ? Start + Clock.Ticks(duration) : null, _alive);
            RunPhase();
            NeverSent = open is null ? 0 : open.Due - _connections.Sum(c => c.BegunInPhase);
        }

        Duration = Clock.Since(start);
        EndedEarly = _alive == 0 && (!_pace.IsOver || NeverSent > 0);
    }

    public void Dispose() => _poller.Dispose();

    private void RunPhase()
    {
        if (!Goes)
            return;

        foreach (var connection in _connections)
        {
            connection.BeginPhase();
            Refill(connection);
        }

        // Where a pace goes by replies, and none is outstanding, there is nothing more to begin either.
        while (Goes && (_outstanding > 0 || _pace.NextDue < long.MaxValue))
        {
            Wait();
            for (var i = 0; i < _readyCount; i++)
            {
                if (_ready[i] != Poller.WakeToken)
                    Serve(_connections[_ready[i] - FirstToken]);
            }

            if (_readyCount == 0)
                _now = Stopwatch.GetTimestamp();
            BeginDue();
            if (_now >= _nextSweep)
                Sweep();
        }
    }

    private void BeginDue()
    {
        if (_pace.NextDue == long.MaxValue)
            return;

        _now = Stopwatch.GetTimestamp();
        for (var number = _pace.TakeDue(_now); number >= 0; number = _pace.TakeDue(_now))
            Refill(_connections[number]);
    }

    // Until something comes, a message is due, or it is time to look for lost ones.
    private void Wait()
    {
        var due = _pace.NextDue;
        var left = due == long.MaxValue ? due : due - Stopwatch.GetTimestamp() - Lateness;
        if (left >= Millisecond)
        {
            if (_outstanding == 0 || _spin?.Find(_look) != true)
                _readyCount = _poller.Wait((int)Math.Min(left / Millisecond, _sweepMilliseconds), _ready);
            return;
        }

        // The last moments: to wait would be to miss its time.
        while (!_look() && Stopwatch.GetTimestamp() < due)
            Thread.Yield();
    }
}
