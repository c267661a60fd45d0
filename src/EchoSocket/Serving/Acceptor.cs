using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>
/// Accepts the clients of a server's listeners, one at a time. It pauses while the maximum number of clients is connected,
/// while the observer is full, and while the process is out of handles. It closes clients that may not connect. For the thread of
/// the loop that accepts, except <see cref="Faults"/> and <see cref="ConnectionEndedElsewhere"/>.
/// </summary>
internal sealed class Acceptor : IDisposable
{
    // How long to wait before the next try, out of handles or with a full observer.
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    // At most one warning in this time.
    private static readonly TimeSpan WarningPause = TimeSpan.FromSeconds(10);

    private readonly Socket[] _listeners;
    private readonly int _firstToken;
    private readonly AcceptLimits _limits;
    private readonly IReadOnlyList<AddressRange>? _allowFrom;
    private readonly IPoller _poller;
    private readonly ServerCounters _counters;
    private readonly IEchoObserver? _observer;
    private readonly HandleReserve _reserve = new();
    private bool _registered;
    private bool _accepting;
    private volatile EchoFault[] _faults = [];
    private volatile bool _outOfHandles;
    private volatile bool _handleFreed;
    private long _warnAgain;
    private long _accepted;

    public Acceptor(
        Socket[] listeners, int firstToken, AcceptLimits limits, IReadOnlyList<AddressRange>? allowFrom, IPoller poller,
        ServerCounters counters, IEchoObserver? observer)
    {
        _listeners = listeners;
        _firstToken = firstToken;
        _limits = limits;
        _allowFrom = allowFrom;
        _poller = poller;
        _counters = counters;
        _observer = observer;
    }

    /// <summary>
    /// When to try again, in stopwatch ticks; <see cref="long.MaxValue"/> unless a timed pause is on.
    /// </summary>
    public long ResumeTime { get; private set; } = long.MaxValue;

    /// <summary>The faults of clients that are accepted from now on.</summary>
    public EchoFault[] Faults
    {
        get => _faults;
        set => _faults = value;
    }

    /// <summary>The total number of clients has been accepted.</summary>
    public bool IsDone => _accepted >= _limits.Total;

    /// <summary>Pauses or resumes accepting. Call it whenever the number of connections changes, and after <see cref="ResumeTime"/>.</summary>
    public void UpdateAccepting(int active)
    {
        if (IsDone)
        {
            Close(); // further clients are refused at once
            return;
        }

        var accept = active < _limits.AtOnce
            && (ResumeTime == long.MaxValue || _handleFreed || Stopwatch.GetTimestamp() >= ResumeTime);
        if (accept == _accepting)
            return;

        if (!accept)
        {
            Watch(false);
        }
        else if (_reserve.TryFill())
        {
            ResumeTime = long.MaxValue;
            Watch(true);
        }
        else
        {
            RunOut(SocketError.TooManyOpenSockets);
        }
    }

    /// <summary>
    /// Accepts the next client of the listener with this token. Returns null if none is waiting, or accepting is paused.
    /// <see cref="Allows"/> says whether to serve it.
    /// </summary>
    public ITransport? Accept(int listener)
    {
        if (!_accepting)
            return null; // an earlier accept of this round reached the limit

        if (_observer is { IsFull: true })
        {
            PauseAccepting();
            return null;
        }

        if (_poller.Accept(listener, out var error) is { } client)
        {
            _outOfHandles = false;
            return client;
        }

        Failed(error);
        return null;
    }

    /// <summary>Pauses after a client could not be accepted or adopted, if that may last.</summary>
    public void Failed(SocketError error)
    {
        if (error is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
        {
            _reserve.Release();
            RunOut(error);
        }
        else if (SocketErrors.IsListenerFailure(error))
        {
            throw new SocketException((int)error);
        }
        else if (!SocketErrors.IsReset(error) && error != SocketError.WouldBlock)
        {
            PauseAccepting(); // the error of a client that is gone already (accept(2)) does not last; any other may
        }
    }

    /// <summary>
    /// Returns false for a client that may not connect, and closes it, with RST: a FIN would leave state of the connection in the
    /// system, for up to minutes.
    /// </summary>
    public bool Allows(ITransport client)
    {
        if (_allowFrom?.Any(range => range.Contains(client.RemoteEndPoint.Address)) != false)
            return true;

        _counters.CountRefused();
        client.Abort();
        _observer?.Refused(client.RemoteEndPoint);
        return false;
    }

    /// <summary>Counts a client that is to be served by the loop with these counters.</summary>
    public AcceptedClient Admit(ITransport client, LoopCounters loop)
    {
        loop.Accepted();
        return new AcceptedClient(client, ++_accepted, _faults);
    }

    /// <summary>
    /// Call it when the loop that accepts has ended a connection, with how many the server still has. That freed a handle, so accepting may resume at once.
    /// </summary>
    public void ConnectionEnded(int active)
    {
        if (_outOfHandles)
            _handleFreed = true;
    }

    /// <summary>The same for a connection of another loop, on its thread. Wakes the loop that accepts if it may wait for this end.</summary>
    public void ConnectionEndedElsewhere(int active)
    {
        ConnectionEnded(active);
        if (_outOfHandles || active == _limits.AtOnce - 1 || (active == 0 && _limits.Total < long.MaxValue))
            _poller.Wake();
    }

    public void Close()
    {
        if (_registered)
            ForEach((_, token) => _poller.Unregister(token));
        _registered = _accepting = false;
        ForEach((listener, _) => listener.Dispose());
    }

    public void Dispose()
    {
        ForEach((listener, _) => listener.Dispose());
        _reserve.Dispose();
    }

    private void ForEach(Action<Socket, int> action)
    {
        for (var i = 0; i < _listeners.Length; i++)
            action(_listeners[i], _firstToken + i);
    }

    // While it pauses, a listener stays registered, with no interest: to register it anew could fail for lack of memory.
    private void Watch(bool value)
    {
        if (_registered)
        {
            ForEach((_, token) => _poller.Change(token, value ? Interest.Reading : Interest.None));
        }
        else
        {
            ForEach((listener, token) =>
            {
                listener.Blocking = false; // a client may disconnect between the wait and the accept
                _poller.Register(listener, token);
            });
            _registered = true;
        }

        _accepting = value;
    }

    private void PauseAccepting()
    {
        _handleFreed = false;
        if (_accepting)
            Watch(false);
        ResumeTime = Stopwatch.GetTimestamp() + Clock.Ticks(RetryInterval);
    }

    private void RunOut(SocketError error)
    {
        _outOfHandles = true;
        PauseAccepting();
        var now = Stopwatch.GetTimestamp();
        if (now < _warnAgain)
            return;

        _warnAgain = now + Clock.Ticks(WarningPause);
        var reason = error == SocketError.TooManyOpenSockets
            ? "no file handle is left (on Unix 'ulimit -n' tells how many a process may have)"
            : SocketErrors.Describe(error);
        _observer?.Warned($"No further client can be accepted now: {reason}. Waiting clients are accepted when others have gone.");
    }
}
