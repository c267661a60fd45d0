using System;
using System.Diagnostics;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>
/// An event loop's listener. It accepts one client at a time, and pauses while the maximum number of clients is connected,
/// while the observer is full, and while the process is out of handles.
/// </summary>
internal sealed class Acceptor : IDisposable
{
    // How long to wait before the next try, out of handles or with a full observer.
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    // At most one warning in this time.
    private static readonly TimeSpan WarningPause = TimeSpan.FromSeconds(10);

    private readonly Socket _listener;
    private readonly int _token;
    private readonly AcceptLimits _limits;
    private readonly IPoller _poller;
    private readonly IEchoObserver? _observer;
    private readonly HandleReserve _reserve = new();
    private bool _registered;
    private bool _accepting;
    private bool _outOfHandles;
    private long _warnAgain;
    private long _accepted;

    public Acceptor(Socket listener, int token, AcceptLimits limits, IPoller poller, IEchoObserver? observer)
    {
        _listener = listener;
        _token = token;
        _limits = limits;
        _poller = poller;
        _observer = observer;
    }

    /// <summary>
    /// When to try again, in stopwatch ticks; <see cref="long.MaxValue"/> unless a timed pause is on.
    /// </summary>
    public long ResumeTime { get; private set; } = long.MaxValue;

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
            && (ResumeTime == long.MaxValue || Stopwatch.GetTimestamp() >= ResumeTime);
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

    /// <summary>Accepts the next client and registers it with this token. Returns null if none is waiting, or accepting is paused.</summary>
    public ITransport? Accept(int token)
    {
        if (!_accepting)
            return null; // an earlier accept of this round reached the limit

        if (_observer is { IsFull: true })
        {
            PauseAccepting();
            return null;
        }

        if (_poller.Accept(_token, token, out var error) is { } client)
        {
            _outOfHandles = false;
            _accepted++;
            return client;
        }

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

        return null;
    }

    /// <summary>Call it after closing a connection: it frees a handle, so accepting may resume at once.</summary>
    public void HandleFreed()
    {
        if (_outOfHandles)
            ResumeTime = long.MaxValue;
    }

    public void Close()
    {
        if (_registered)
            _poller.Unregister(_token);
        _registered = _accepting = false;
        _listener.Dispose();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _reserve.Dispose();
    }

    // While it pauses, the listener stays registered, with no interest: to register it anew could fail for lack of memory.
    private void Watch(bool value)
    {
        if (_registered)
        {
            _poller.Change(_token, value ? Interest.Reading : Interest.None);
        }
        else
        {
            _listener.Blocking = false; // a client may disconnect between the wait and the accept
            _poller.Register(_listener, _token);
            _registered = true;
        }

        _accepting = value;
    }

    private void PauseAccepting()
    {
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
