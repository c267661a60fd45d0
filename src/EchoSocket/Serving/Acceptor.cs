using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;

namespace EchoSocket.Serving;

/// <summary>
/// An event loop's listener: accepts a client at a time, and rests while no more may come, while the observer can take no
/// more, and while there are no handles.
/// </summary>
internal sealed class Acceptor : IDisposable
{
    // While there are no handles, or the observer can't take more, the listener rests for this long.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // Out of handles for long, it says so again this often.
    private static readonly TimeSpan WarningPause = TimeSpan.FromSeconds(10);

    private readonly Socket _listener;
    private readonly int _token;
    private readonly EchoServerOptions _options;
    private readonly IPoller _poller;
    private readonly IEchoObserver? _observer;
    private readonly HandleReserve _reserve = new();
    private bool _watched;
    private bool _listening;
    private bool _outOfHandles;
    private long _warnAgain;
    private long _accepted;

    public Acceptor(Socket listener, int token, EchoServerOptions options, IPoller poller, IEchoObserver? observer)
    {
        _listener = listener;
        _token = token;
        _options = options;
        _poller = poller;
        _observer = observer;
    }

    /// <summary>When it wants to listen again, in the stopwatch's ticks; 0 where that does not depend on the time.</summary>
    public long ListensAgain { get; private set; }

    /// <summary>No client will be accepted any more: as many have come as were asked for.</summary>
    public bool IsDone => _options.ConnectionCount is { } most && _accepted >= most;

    /// <summary>To be called whenever a client came or went, or <see cref="ListensAgain"/> has passed.</summary>
    public void ListenOrRest(int active)
    {
        if (IsDone)
        {
            Close(); // further clients are refused, and do not wait in vain
            return;
        }

        var listen = active < _options.MaxConnections
            && (ListensAgain == 0 || Stopwatch.GetTimestamp() >= ListensAgain);
        if (listen == _listening)
            return;

        if (!listen)
        {
            Listen(false);
        }
        else if (_reserve.TryFill())
        {
            ListensAgain = 0;
            Listen(true);
        }
        else
        {
            Rest();
        }
    }

    /// <summary>Gives the poller the next client, by this token; null where there is none just now.</summary>
    public IPEndPoint? Accept(int token)
    {
        if (!_listening)
            return null; // a client that was accepted in this round was the last to fit

        if (_observer is { IsFull: true })
        {
            Rest();
            return null;
        }

        if (_poller.Accept(_token, token, out var error) is { } remote)
        {
            _outOfHandles = false;
            _accepted++;
            return remote;
        }

        if (error is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
        {
            _outOfHandles = true;
            _reserve.Release();
            Rest();
            Warn(error == SocketError.TooManyOpenSockets
                ? "no file handle is left (on Unix 'ulimit -n' tells how many a process may have)"
                : SocketErrors.Describe(error));
        }
        else if (SocketErrors.IsListenerFailure(error))
        {
            throw new SocketException((int)error);
        }
        else if (!SocketErrors.IsReset(error) && error != SocketError.WouldBlock)
        {
            Rest(); // a client that left before it was accepted (accept(2)) passes at once; what else it is may last
        }

        return null;
    }

    /// <summary>A client has gone, and with it a handle.</summary>
    public void HandleFreed()
    {
        if (_outOfHandles)
            ListensAgain = 0;
    }

    public void Close()
    {
        if (_watched)
            _poller.Remove(_token);
        _watched = _listening = false;
        _listener.Dispose();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _reserve.Dispose();
    }

    // Once watched it stays so, for nothing if need be: to watch it anew might fail for want of memory or of watches.
    private void Listen(bool value)
    {
        if (_watched)
        {
            _poller.Change(_token, value ? Interest.Reading : Interest.None);
        }
        else
        {
            _listener.Blocking = false; // a client may leave between the wait and the accept
            _poller.Add(_listener, _token);
            _watched = true;
        }

        _listening = value;
    }

    private void Rest()
    {
        if (_listening)
            Listen(false);
        ListensAgain = Stopwatch.GetTimestamp() + Clock.Ticks(Pause);
    }

    private void Warn(string reason)
    {
        var now = Stopwatch.GetTimestamp();
        if (now < _warnAgain)
            return;

        _warnAgain = now + Clock.Ticks(WarningPause);
        _observer?.Warned($"No further client can be accepted now: {reason}. Those who wait are accepted when others have gone.");
    }
}
