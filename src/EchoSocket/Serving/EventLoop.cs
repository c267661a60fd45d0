using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;

namespace EchoSocket.Serving;

/// <summary>
/// Serves many clients on one thread: waits until some are ready, and then reads once from each and sends once. A client
/// that does not read its replies is not read from until it does, so it costs one buffer and nobody else's time.
/// </summary>
internal sealed partial class EventLoop : IDisposable
{
    private const int WakeToken = 0;
    private const int ListenerToken = 1;
    private const int FirstClientToken = 2;
    private const int BufferSize = 256 * 1024; // measured: less costs bulk a tenth, more gains little
    private const int ClientsPerAccept = 32;

    private readonly Acceptor _acceptor;
    private readonly ServerCounters _counters;
    private readonly IEchoObserver? _observer;
    private readonly IPoller _poller;
    private readonly WakeSocket _wake = new();
    private readonly AdaptiveSpin _spin = new(lookCosts: false);
    private readonly Func<bool> _look;
    private readonly Action<byte[], int>? _transform;
    private readonly Stack<int> _freeTokens = new();
    private readonly ActivityOrder _activity = new();
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly int[] _ready = new int[512];
    private readonly string? _local; // every client's, unless the listener has several addresses
    private readonly long _idleTicks;
    private readonly long _stopGrace;
    private ServedConnection?[] _clients = new ServedConnection?[16]; // by token
    private int _tokens = FirstClientToken; // given out so far
    private byte[]? _spare;
    private int _readyCount;
    private long _now;
    private int _active;
    private volatile bool _stop;

    public EventLoop(
        Socket listener, IPEndPoint local, EchoServerOptions options, ServerCounters counters, IPoller poller, IEchoObserver? observer)
    {
        _acceptor = new Acceptor(listener, ListenerToken, options, poller, observer);
        _counters = counters;
        _poller = poller;
        _observer = observer;
        _transform = options.TransformBytes;
        _local = local.Address.Equals(IPAddress.Any) || local.Address.Equals(IPAddress.IPv6Any) ? null : local.ToString();
        _look = () => (_readyCount = _poller.Wait(0, _ready)) > 0;
        _stopGrace = Clock.Ticks(options.StopGrace);
        _idleTicks = options.IdleTimeout is { } idle ? Clock.Ticks(idle) : 0;
    }

    /// <summary>From any thread: ends <see cref="Run"/> in order.</summary>
    public void Stop()
    {
        _stop = true;
        _wake.Wake();
    }

    /// <summary>Serves until it is stopped, or as many clients as asked for have come and gone.</summary>
    public void Run()
    {
        _poller.Add(_wake.Socket, WakeToken);
        while (!_stop && !(_acceptor.IsDone && _active == 0))
        {
            _acceptor.ListenOrRest(_active);
            Wait();
            for (var i = 0; i < _readyCount && !_stop; i++)
                Handle(_ready[i]);
            EndIdle();
        }

        _acceptor.Close();
        Finish();
    }

    public void Dispose()
    {
        _acceptor.Dispose();
        for (var token = FirstClientToken; token < _tokens; token++)
        {
            if (_clients[token] is { } client)
                Close(client, orderly: true); // only where an observer threw
        }

        _wake.Dispose();
    }

    private void Wait()
    {
        if (!_spin.Find(_look))
            _readyCount = _poller.Wait(Patience(), _ready);
        if (_idleTicks > 0)
            _now = Stopwatch.GetTimestamp();
    }

    // Milliseconds until something has to be done without anybody being ready; -1 for never.
    private int Patience()
    {
        var next = long.MaxValue;
        if (_idleTicks > 0 && _activity.Earliest is { } earliest)
            next = earliest.LastActivity + _idleTicks;
        if (_acceptor.ListensAgain > 0)
            next = Math.Min(next, _acceptor.ListensAgain);
        if (next == long.MaxValue)
            return -1;

        var left = (next - Stopwatch.GetTimestamp()) * 1000.0 / Stopwatch.Frequency;
        return (int)Math.Min(Math.Max(Math.Ceiling(left), 0), int.MaxValue);
    }

    private void Handle(int token)
    {
        if (token == WakeToken)
            _wake.Drain();
        else if (token == ListenerToken)
            AcceptSome();
        else if (_clients[token] is { } client)
            Serve(client);
    }

    // One, and one more for each so many clients that this round serves: a new client must not wait for hundreds of others,
    // nor they for a flood of new ones.
    private void AcceptSome()
    {
        for (var most = 1 + (_readyCount / ClientsPerAccept); most > 0; most--)
        {
            var token = FreeToken();
            if (_acceptor.Accept(token) is not { } remote)
            {
                _freeTokens.Push(token);
                break;
            }

            Begin(token, remote);
        }
    }

    private int FreeToken()
    {
        if (_freeTokens.Count > 0)
            return _freeTokens.Pop();

        if (_tokens == _clients.Length)
            Array.Resize(ref _clients, _tokens * 2);
        return _tokens++;
    }

    private void Begin(int token, IPEndPoint remote)
    {
        var client = new ServedConnection(token, remote);
        _clients[token] = client;
        _activity.Add(client);
        _active++;
        _counters.Accepted();
        _observer?.Connected(remote);
        _acceptor.ListenOrRest(_active);
    }

    private void EndIdle()
    {
        if (_idleTicks == 0)
            return;

        while (_activity.Earliest is { } client && _now - client.LastActivity >= _idleTicks)
            End(client, EndReason.IdleTimeout, "");
    }
}
