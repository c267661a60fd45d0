using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Polling;

namespace EchoSocket.Measuring;

/// <summary>
/// Measures over UDP on one thread: warms up, then sends at the pace that the options ask for, receives the replies, and counts
/// datagrams as lost whose time is up. For that thread alone.
/// </summary>
internal sealed class DatagramLoop : IDisposable
{
    private const int FirstToken = Poller.WakeToken + 1;

    private readonly EchoUdpMeterOptions _options;
    private readonly DatagramRun _run;
    private readonly CancellationToken _cancellation;
    private readonly IPoller _poller;
    private readonly Readiness _readiness;
    private readonly PacedWait _wait;
    private readonly DatagramExchange _exchange;
    private readonly long _timeout;
    private readonly long _checkInterval;
    private MeteredSocket[] _sockets = [];
    private long _nextCheck;

    public DatagramLoop(EchoUdpMeterOptions options, DatagramRun run, LatencyHistogram latencies, FailureTally failures, CancellationToken cancellation)
    {
        _options = options;
        _run = run;
        _cancellation = cancellation;
        _poller = options.Poller();
        _readiness = new Readiness(_poller, options.Spin ? new AdaptiveSpin(pollCosts: false) : null);
        _wait = new PacedWait(_readiness, options.Timestamp);
        _exchange = new DatagramExchange(options, _poller, run, failures, latencies);
        _timeout = Clock.Ticks(options.OperationTimeout);

        // A loss is found at most a twentieth of the time-out, and at most 250 ms, after it is due.
        _checkInterval = Math.Min(_timeout / 20, Stopwatch.Frequency / 4);
    }

    /// <summary>What became of the datagrams of each socket.</summary>
    public IEnumerable<DatagramLog> Logs => _sockets.Select(s => s.Log);

    private bool Continues => !_run.HasFailed && !_cancellation.IsCancellationRequested;

    /// <summary>
    /// Measures over these sockets until each datagram is answered or lost, or the token is cancelled. Call it once.
    /// </summary>
    public void Run(IReadOnlyList<Socket> sockets)
    {
        _sockets = [.. sockets.Select((socket, i) => new MeteredSocket(socket, _poller.Adopt(socket, FirstToken + i), FirstToken + i, i, _timeout))];
        _run.OpenSockets = _sockets.Length;
        using var registration = _cancellation.Register(_readiness.Wake);

        var start = _options.Timestamp();
        _run.LastReply = start;
        RunPhase(); // the warm-up
        if (Continues && !_run.IsSilent)
        {
            start = _options.Timestamp();
            _run.BeginMeasuring(start, _options.Rate is { } rate
                ? new OpenLoop(rate, _sockets.Length, start, _options.Count, _options.Duration, _options.OperationTimeout)
                : new ClosedLoop(_options.Count, _options.Duration is { } duration ? start + Clock.Ticks(duration) : null, _sockets.Length));
            RunPhase();
        }

        _run.End(_options.Timestamp() - start);
        if (_run.HasFailed)
            Array.ForEach(_sockets, _exchange.GiveUpAll);
        ReceiveStragglers();
    }

    public void Dispose()
    {
        foreach (var socket in _sockets)
            _poller.Unregister(socket.Token);
        _readiness.Dispose();
    }

    private void RunPhase()
    {
        foreach (var socket in _sockets)
        {
            socket.Log.BeginPhase();
            _exchange.Refill(socket);
        }

        // In a closed loop datagrams only follow replies and losses: with none outstanding, there is nothing more to send.
        while (Continues && (_run.Outstanding > 0 || NextDue < long.MaxValue))
        {
            _wait.Until(NextDue, _run.Outstanding > 0 ? _nextCheck : long.MaxValue, maySpin: _run.Outstanding > 0);
            AdvanceReady();
            var now = _options.Timestamp();
            for (var number = _run.Pace.TakeDue(now); number >= 0; number = _run.Pace.TakeDue(now))
                _exchange.Refill(_sockets[number]);
            GiveUp(now);
        }
    }

    private long NextDue => _run.IsSilent ? long.MaxValue : _run.Pace.NextDue;

    private void AdvanceReady()
    {
        for (var i = 0; i < _readiness.Count; i++)
        {
            if (_readiness[i] != Poller.WakeToken)
                _exchange.Advance(_sockets[_readiness[i] - FirstToken]);
        }
    }

    private void GiveUp(long now)
    {
        if (now < _nextCheck)
            return;

        _nextCheck = now + _checkInterval;
        var endsInTime = _run.IsMeasuring && (_options.Duration is not null || _options.Rate is not null);
        if (!endsInTime && now - _run.LastReply > DatagramRun.MaxSilence * _timeout)
            _run.IsSilent = true;
        foreach (var socket in _sockets)
            _exchange.GiveUp(socket, now);
    }

    // Waits a short time for duplicates, and for replies that come late.
    private void ReceiveStragglers()
    {
        var due = _options.Timestamp() + Clock.Ticks(_options.CloseGrace);
        for (var now = _options.Timestamp(); Continues && _run.HasReply && now < due; now = _options.Timestamp())
        {
            _readiness.Wait(Clock.MillisecondsUntil(due, now), maySpin: false);
            AdvanceReady();
        }
    }
}
