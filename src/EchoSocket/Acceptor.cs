using System;
using System.Diagnostics;
using System.Net.Sockets;

namespace EchoSocket;

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

    /// <summary>Another client is there already. Costs a call, but less than an accept in vain, which throws.</summary>
    public bool HasMore => _listening && _listener.Poll(0, SelectMode.SelectRead);

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
            _listening = false;
            _poller.Remove(_token, closes: false);
        }
        else if (_reserve.TryFill())
        {
            ListensAgain = 0;
            _listening = true;
            _listener.Blocking = false; // a client may leave between the wait and the accept
            _poller.Add(_listener, _token);
        }
        else
        {
            Rest();
        }
    }

    /// <summary>The next client; null where there is none just now.</summary>
    public Socket? Accept()
    {
        if (!_listening)
            return null; // a client that was accepted in this round was the last to fit

        if (_observer is { IsFull: true })
        {
            Rest();
            return null;
        }

        try
        {
            var socket = _listener.Accept();
            _outOfHandles = false;
            _accepted++;
            return socket;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
        {
            _outOfHandles = true;
            _reserve.Release();
            Rest();
            Warn(e.Message);
            return null;
        }
        catch (SocketException e) when (!Failures.IsOfListener(e.SocketErrorCode))
        {
            // This client left before it was accepted (accept(2)). What is not known to pass at once may last.
            if (!Failures.IsReset(e.SocketErrorCode) && e.SocketErrorCode != SocketError.WouldBlock)
                Rest();
            return null;
        }
    }

    /// <summary>A client has gone, and with it a handle.</summary>
    public void HandleFreed()
    {
        if (_outOfHandles)
            ListensAgain = 0;
    }

    public void Close()
    {
        if (_listening)
            _poller.Remove(_token, closes: true);
        _listening = false;
        _listener.Dispose();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _reserve.Dispose();
    }

    private void Rest()
    {
        if (_listening)
            _poller.Remove(_token, closes: false);
        _listening = false;
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
