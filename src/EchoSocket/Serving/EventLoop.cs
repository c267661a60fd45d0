using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>
/// Serves clients on one thread: waits until some are ready, then reads from and sends to each of them once. For that
/// thread, except <see cref="Stop"/>.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    private const int FirstListenerToken = Poller.WakeToken + 1;
    private const int ClientsPerAccept = 32;

    private readonly Readiness _readiness;
    private readonly int _firstClientToken;
    private readonly Acceptor _acceptor;
    private readonly ConnectionTable _connections;
    private readonly ActivityOrder _activity = new();
    private readonly ConnectionCloser _closer;
    private readonly Answering _answering;
    private readonly IdleTimer _idle;
    private readonly GracefulStop _gracefulStop;
    private readonly IEchoObserver? _observer;
    private readonly Func<ITransport, int, ITransport>? _secure;
    private volatile bool _stop;

    public EventLoop(Socket[] listeners, EchoServerOptions options, TlsServer? tls, AcceptLimits limits, ServerCounters counters, IEchoObserver? observer)
    {
        var poller = options.Poller();
        var unsent = new UnsentReplies(options.UnsentBudget, tls is null ? UnsentReplies.MinReadSize : TlsTransport.MinCount);
        _readiness = new Readiness(poller, new AdaptiveSpin(pollCosts: false));
        _firstClientToken = FirstListenerToken + listeners.Length;
        _connections = new ConnectionTable(_firstClientToken);
        _acceptor = new Acceptor(listeners, FirstListenerToken, limits, options.AllowFrom, poller, counters, observer);
        _closer = new ConnectionCloser(
            poller, _connections, _activity, unsent, _acceptor, counters, observer, LocalEndPoint(listeners));
        _answering = new Answering(poller, options.TransformBytes, unsent, _closer, counters, observer);
        _idle = new IdleTimer(options.IdleTimeout, _activity, _answering, _closer);
        _gracefulStop = new GracefulStop(_readiness, _connections, _answering, _closer, options.StopGrace);
        _observer = observer;
        if (tls is not null)
        {
            var buffers = new TlsBuffers();
            _secure = (transport, token) => new TlsTransport(transport, buffers, tls, () => poller.Report(token));
        }
    }

    /// <summary>From any thread: ends <see cref="Run"/> gracefully.</summary>
    public void Stop()
    {
        _stop = true;
        _readiness.Wake();
    }

    /// <summary>Serves until it is stopped, or until the last client that the limits allow has disconnected.</summary>
    public void Run()
    {
        while (!_stop && !(_acceptor.IsDone && _connections.Count == 0))
        {
            _acceptor.UpdateAccepting(_connections.Count);
            _readiness.Wait(Clock.MillisecondsUntil(Math.Min(_idle.Due, _acceptor.ResumeTime)));
            var now = _idle.IsOn ? Stopwatch.GetTimestamp() : 0;
            for (var i = 0; i < _readiness.Count && !_stop; i++)
                Handle(_readiness[i], now);
            _idle.EndIdle(now);
        }

        _acceptor.Close();
        _gracefulStop.Run();
    }

    public void Dispose()
    {
        _acceptor.Dispose();
        foreach (var connection in _connections.All())
            _closer.Close(connection, EndReason.Faulted); // only if an observer threw
        _readiness.Dispose();
    }

    // The local endpoint of every connection; null if connections may differ in it.
    private static string? LocalEndPoint(Socket[] listeners) =>
        listeners.Length == 1 && EndPoints.Unmap(listeners[0].LocalEndPoint!) is var only
        && !only.Address.Equals(IPAddress.Any) && !only.Address.Equals(IPAddress.IPv6Any)
            ? only.ToString()
            : null;

    private void Handle(int token, long now)
    {
        if (token >= FirstListenerToken && token < _firstClientToken)
            AcceptClients(token);
        else if (_connections[token] is { } connection && _answering.Advance(connection) == Step.Moved)
            _idle.Touch(connection, now);
    }

    // Accepts one client, and one more for every 32 that this round serves. So new clients do not wait for hundreds of others,
    // nor do the others wait for a flood of new ones.
    private void AcceptClients(int listener)
    {
        for (var left = 1 + (_readiness.Count / ClientsPerAccept); left > 0; left--)
        {
            var token = _connections.TakeToken();
            var transport = _acceptor.Accept(listener, token);
            if (transport is not null && _acceptor.Admit(transport, token))
            {
                Begin(new ServedConnection(token, _secure?.Invoke(transport, token) ?? transport));
                continue;
            }

            _connections.ReturnToken(token);
            if (transport is null)
                break;
        }
    }

    private void Begin(ServedConnection connection)
    {
        _connections.Add(connection);
        _activity.Add(connection);
        _observer?.Connected(connection.Remote);
        _acceptor.UpdateAccepting(_connections.Count);
    }
}
