using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Measuring;

/// <summary>
/// Measures over many connections on one thread: completes TLS handshakes, warms up, then sends at the pace that the options ask for, receives the
/// replies, and gives up connections with late ones. For that thread alone.
/// </summary>
internal sealed class MeterLoop : IDisposable
{
    private const int FirstToken = Poller.WakeToken + 1;

    private readonly EchoMeterOptions _options;
    private readonly MeterRun _run;
    private readonly CancellationToken _cancellation;
    private readonly IPoller _poller;
    private readonly Readiness _readiness;
    private readonly PacedWait _wait;
    private readonly ConnectionFailures _failures;
    private readonly Exchange _exchange;
    private readonly TlsHandshakes? _handshakes;
    private MeteredConnection[] _connections = [];

    public MeterLoop(EchoMeterOptions options, MeterRun run, LatencyHistogram latencies, FailureTally tally, CancellationToken cancellation)
    {
        _options = options;
        _run = run;
        _cancellation = cancellation;
        _poller = options.Poller();
        _readiness = new Readiness(_poller, options.Spin ? new AdaptiveSpin(pollCosts: false) : null);
        _wait = new PacedWait(_readiness, options.Timestamp);
        _failures = new ConnectionFailures(options, _poller, run, tally);
        _exchange = new Exchange(options, _poller, run, _failures, latencies);
        _handshakes = options.Tls is null ? null : new TlsHandshakes(options, _poller, _readiness, run, _failures, _exchange);
    }

    private bool Continues => _run.OpenConnections > 0 && !_cancellation.IsCancellationRequested;

    /// <summary>
    /// Measures over these connections until each message is answered or lost, or the token is cancelled. Call it once.
    /// </summary>
    /// <param name="sockets">The connections.</param>
    /// <param name="due">When their TLS handshakes must be complete, in stopwatch ticks.</param>
    public void Run(IReadOnlyList<Socket> sockets, long due)
    {
        _connections = [.. sockets.Select((socket, i) => new MeteredConnection(Adopt(socket, FirstToken + i, due), FirstToken + i, i, _options.MessageSize))];
        _run.OpenConnections = _connections.Length;

        using var registration = _cancellation.Register(_readiness.Wake);
        _handshakes?.Run(_connections, FirstToken, due, _cancellation);
        var start = _options.Timestamp();
        RunPhase(); // the warm-up
        if (Continues)
        {
            start = _options.Timestamp();
            _run.BeginMeasuring(start, _options.Rate is { } rate
                ? new OpenLoop(rate, _connections.Length, start, _options.Count, _options.Duration, _options.OperationTimeout)
                : new ClosedLoop(_options.Count, _options.Duration is { } duration ? start + Clock.Ticks(duration) : null, _run.OpenConnections));
            RunPhase();
        }

        _run.End(_options.Timestamp() - start);
        ReceiveEnds();
    }

    public void Dispose()
    {
        foreach (var connection in _connections.Where(c => !c.Failed))
            _handshakes?.Release(connection);
        _readiness.Dispose();
    }

    private ITransport Adopt(Socket socket, int token, long due)
    {
        var transport = _poller.Adopt(socket, token);
        return _handshakes?.Secure(transport, token, due, _cancellation) ?? transport;
    }

    private void RunPhase()
    {
        if (!Continues)
            return;

        foreach (var connection in _connections)
        {
            connection.BeginPhase();
            _exchange.Refill(connection);
        }

        // In a closed loop messages only follow replies: with none outstanding, there is nothing more to send.
        while (Continues && (_run.Outstanding > 0 || _run.Pace.NextDue < long.MaxValue))
        {
            _wait.Until(_run.Pace.NextDue, _failures.NextCheck, maySpin: _run.Outstanding > 0);
            AdvanceReady();
            var now = _options.Timestamp();
            for (var number = _run.Pace.TakeDue(now); number >= 0; number = _run.Pace.TakeDue(now))
                _exchange.Refill(_connections[number]);
            _failures.FailLate(_connections, now);
        }
    }

    private void AdvanceReady()
    {
        for (var i = 0; i < _readiness.Count; i++)
        {
            if (_readiness[i] != Poller.WakeToken)
                _exchange.Advance(_connections[_readiness[i] - FirstToken]);
        }
    }

    // Sends FIN and waits a short time for the server's, since bytes beyond the replies may come before it.
    private void ReceiveEnds()
    {
        if (!Continues)
            return;

        foreach (var connection in _connections.Where(c => !c.Failed))
            connection.Transport.Shutdown();
        var due = _options.Timestamp() + Clock.Ticks(_options.CloseGrace);
        for (var now = _options.Timestamp(); Continues && now < due; now = _options.Timestamp())
        {
            _readiness.Wait(Clock.MillisecondsUntil(due, now), maySpin: false);
            AdvanceReady();
        }
    }

}
