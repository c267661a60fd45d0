using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>
/// Serves clients on one thread: waits until some are ready, then reads from and sends to each of them once. For that
/// thread, except <see cref="HandOver"/>, <see cref="AnnounceStop"/>, <see cref="Stop"/> and <see cref="Abort"/>.
/// </summary>
internal class EventLoop : IDisposable
{
    public const int FirstListenerToken = Poller.WakeToken + 1;

    private readonly IPoller _poller;
    private readonly Readiness _readiness;
    private readonly int _firstClientToken;
    private readonly ConnectionTable _connections;
    private readonly ActivityOrder _activity = new();
    private readonly ConnectionCloser _closer;
    private readonly Answering _answering;
    private readonly IdleTimer _idle;
    private readonly GracefulStop _gracefulStop;
    private readonly Timers _timers = new();
    private readonly ConnectionFactory _factory;
    private readonly IEchoObserver? _observer;
    private readonly ConcurrentQueue<AcceptedClient> _handedOver = new();
    private volatile bool _stop;
    private volatile bool _aborted;

    /// <param name="server">What all loops share.</param>
    /// <param name="poller">The loop's own; the loop disposes it.</param>
    /// <param name="counters">The loop's own.</param>
    /// <param name="connectionEnded">Called after each end of a connection, with how many the server still has.</param>
    /// <param name="listeners">How many tokens, from <see cref="FirstListenerToken"/>, are those of listeners.</param>
    public EventLoop(ServerContext server, IPoller poller, LoopCounters counters, Action<int> connectionEnded, int listeners = 0)
    {
        var (options, tls) = (server.Options, server.Tls);
        var unsent = new UnsentReplies(server.UnsentBudget, tls is null ? UnsentReplies.MinReadSize : TlsTransport.MinCount);
        _poller = poller;
        _readiness = new Readiness(poller, new AdaptiveSpin(pollCosts: false));
        Counters = counters;
        _observer = server.Observer;
        _firstClientToken = FirstListenerToken + listeners;
        _connections = new ConnectionTable(_firstClientToken);
        _closer = new ConnectionCloser(poller, _connections, _activity, unsent, counters, _observer, server.LocalEndPoint, connectionEnded);
        _answering = new Answering(
            poller, options.TransformBytes, unsent, _closer, counters, _observer is { ObservesReceived: true } ? _observer : null);
        _idle = new IdleTimer(options.IdleTimeout, _activity, _answering, _closer);
        _gracefulStop = new GracefulStop(_readiness, _timers, _connections, _answering, _closer, options.StopGrace);
        var services = new FaultServices(poller, _timers, unsent, counters, _observer, Stopwatch.GetTimestamp);
        _factory = new ConnectionFactory(server, poller, services);
    }

    public LoopCounters Counters { get; }

    protected bool IsStopping => _stop;

    /// <summary>How many sockets are ready in this round.</summary>
    protected int ReadyCount => _readiness.Count;

    /// <summary>From any thread: gives the loop a client to serve. There must be none after <see cref="Stop"/>.</summary>
    public void HandOver(AcceptedClient client)
    {
        _handedOver.Enqueue(client);
        _readiness.Wake();
    }

    /// <summary>From any thread: the server is being stopped. It continues until <see cref="Stop"/>, but says so in its results.</summary>
    public void AnnounceStop() => _closer.Stopping = true;

    /// <summary>From any thread: ends <see cref="Run"/> gracefully.</summary>
    public void Stop()
    {
        _stop = true;
        _readiness.Wake();
    }

    /// <summary>From any thread: ends <see cref="Run"/> at once. <see cref="Dispose"/> then closes the connections.</summary>
    public void Abort()
    {
        _aborted = true;
        _gracefulStop.Abort();
        Stop();
    }

    /// <summary>Serves until it is stopped.</summary>
    public void Run()
    {
        Serve();
        if (_aborted)
            return;

        TakeOver();
        _gracefulStop.Run();
    }

    public virtual void Dispose()
    {
        while (_handedOver.TryDequeue(out var client))
            Add(client, out _);
        foreach (var connection in _connections.All())
            _closer.Close(connection, EndReason.Faulted); // only if the server failed
        _readiness.Dispose();
    }

    protected virtual void Serve()
    {
        while (!_stop)
            RunRound(long.MaxValue);
    }

    /// <summary>A listener with this token is ready.</summary>
    protected virtual void AcceptClients(int listener) => throw new NotSupportedException();

    /// <summary>Waits, at most until this time, and serves the clients that are ready or due.</summary>
    protected void RunRound(long end)
    {
        _readiness.Wait(Clock.MillisecondsUntil(Math.Min(Math.Min(_idle.Due, _timers.Due), end)));
        var now = _idle.IsOn ? Stopwatch.GetTimestamp() : 0;
        for (var i = 0; i < _readiness.Count && !_stop; i++)
            Handle(_readiness[i], now);
        if (_timers.Due < long.MaxValue)
            HandleDue(now);
        _idle.EndIdle(now);
    }

    /// <summary>Serves a client, unless the poller can't register it. Then the error says why.</summary>
    /// <param name="client">A client that was accepted.</param>
    /// <param name="admit">Counts it.</param>
    /// <param name="error">Why it is not served.</param>
    protected bool TryServe(ITransport client, Func<ITransport, AcceptedClient> admit, out SocketError error)
    {
        var token = _connections.TakeToken();
        if (_poller.Adopt(client, token, out error) is not { } adopted)
        {
            _connections.ReturnToken(token);
            return false;
        }

        var connection = Add(admit(adopted), token);
        _observer?.Connected(connection.Remote);
        return true;
    }

    private void Handle(int token, long now)
    {
        if (token >= FirstListenerToken && token < _firstClientToken)
        {
            AcceptClients(token);
        }
        else if (_connections[token] is { } connection)
        {
            if (_answering.Advance(connection) == Step.Moved)
                _idle.Touch(connection, now);
        }
        else if (token == Poller.WakeToken)
        {
            TakeOver();
        }
    }

    private void HandleDue(long now)
    {
        var due = Stopwatch.GetTimestamp(); // once, so that each connection has its turn once
        while (!_stop && _timers.TryTake(due, out var token))
            Handle(token, now);
    }

    // A client that the poller can't register is counted already, so its end is reported, too.
    private void TakeOver()
    {
        while (_handedOver.TryDequeue(out var client))
        {
            var connection = Add(client, out var error);
            _observer?.Connected(connection.Remote);
            if (error != SocketError.Success)
                _closer.End(connection, error);
        }
    }

    private ServedConnection Add(AcceptedClient client, out SocketError error)
    {
        var token = _connections.TakeToken();
        var adopted = _poller.Adopt(client.Transport, token, out error) ?? client.Transport;
        return Add(new AcceptedClient(adopted, client.Number, client.Faults), token);
    }

    private ServedConnection Add(AcceptedClient client, int token)
    {
        var connection = _factory.Create(client, token);
        _connections.Add(connection);
        _activity.Add(connection);
        return connection;
    }
}
