using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Sockets;

namespace EchoSocket;

/// <summary>
/// Serves many clients on one thread: waits until some are ready, and then reads once from each and sends once. A client
/// that does not read its replies is not read from until it does, so it costs one buffer and nobody else's time.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    private const int WakeToken = 0;
    private const int ListenerToken = 1;
    private const int FirstClientToken = 2;
    private const int BufferSize = 128 * 1024;

    // Stopping waits this long for clients to take the replies already made.
    private static readonly TimeSpan StopGrace = TimeSpan.FromMilliseconds(500);

    private readonly Acceptor _acceptor;
    private readonly ServerCounters _counters;
    private readonly IEchoObserver? _observer;
    private readonly IPoller _poller;
    private readonly WakeSocket _wake = new();
    private readonly AdaptiveSpin _spin = new();
    private readonly Func<bool> _look;
    private readonly Action<byte[], int>? _transform;
    private readonly Stack<int> _freeTokens = new();
    private readonly ActivityOrder _activity = new();
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly int[] _ready = new int[512];
    private readonly long _idleTicks;
    private ServedConnection?[] _clients = new ServedConnection?[16]; // by token
    private int _tokens = FirstClientToken; // given out so far
    private int _readyCount;
    private long _now;
    private int _active;
    private volatile bool _stop;

    public EventLoop(Socket listener, EchoServerOptions options, ServerCounters counters, IPoller poller, IEchoObserver? observer)
    {
        _acceptor = new Acceptor(listener, ListenerToken, options, poller, observer);
        _counters = counters;
        _poller = poller;
        _observer = observer;
        _transform = options.TransformBytes;
        _look = () => (_readyCount = _poller.Wait(0, _ready)) > 0;
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
            if (_clients[token] is { } client)
                Close(client, orderly: true); // only where an observer threw
        _poller.Dispose();
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
            Begin(_acceptor.Accept());
        else if (_clients[token] is { } client)
            Serve(client);
    }

    private void Begin(Socket? socket)
    {
        if (socket is null)
            return;

        SocketTransport.SendAtOnce(socket);
        var token = _freeTokens.Count > 0 ? _freeTokens.Pop() : _tokens++;
        if (token == _clients.Length)
            Array.Resize(ref _clients, token * 2);
        var client = new ServedConnection(socket, token);
        _clients[token] = client;
        _activity.Add(client);
        _active++;
        _counters.Accepted();
        _poller.Add(socket, token);
        _observer?.Connected(client.Remote);
        _acceptor.ListenOrRest(_active);
    }

    private void Serve(ServedConnection client)
    {
        if (_idleTicks > 0)
            _activity.Touch(client, _now);

        if (client.Unsent is not null)
            SendRest(client);
        else
            ReceiveOnce(client);
    }

    // True if there may be more to read.
    private bool ReceiveOnce(ServedConnection client)
    {
        var count = _poller.Receive(client.Token, _buffer, out var error);
        if (count == 0)
        {
            if (error != SocketError.WouldBlock)
                End(client, error);
            return false;
        }

        client.BytesReceived += count;
        _counters.Received(count);
        _observer?.Received(client.Remote, _buffer, count);
        try
        {
            _transform?.Invoke(_buffer, count);
        }
        catch (Exception e)
        {
            End(client, EndReason.Faulted, e.Message);
            return false;
        }

        var sent = _poller.Send(client.Token, _buffer, 0, count, out error);
        Count(client, sent);
        if (error != SocketError.Success)
        {
            End(client, error);
            return false;
        }

        if (sent == count)
            return true;

        client.Unsent = new byte[count - sent];
        Buffer.BlockCopy(_buffer, sent, client.Unsent, 0, count - sent);
        client.Sent = 0;
        client.Length = count - sent;
        _poller.Change(client.Token, forWriting: true);
        return false;
    }

    private void SendRest(ServedConnection client)
    {
        var sent = _poller.Send(client.Token, client.Unsent!, client.Sent, client.Length - client.Sent, out var error);
        Count(client, sent);
        client.Sent += sent;
        if (error != SocketError.Success)
        {
            End(client, error);
        }
        else if (client.Sent == client.Length)
        {
            client.Unsent = null;
            _poller.Change(client.Token, forWriting: false);
        }
    }

    private void Count(ServedConnection client, int sent)
    {
        client.BytesSent += sent;
        _counters.Sent(sent);
    }

    private void EndIdle()
    {
        if (_idleTicks == 0)
            return;

        while (_activity.Earliest is { } client && _now - client.LastActivity >= _idleTicks)
            End(client, EndReason.IdleTimeout, "");
    }

    // What had come before the stop is answered, and each client sees FIN. Until it closes in turn, what it still sends is
    // read away: a close with something unread would be a reset, and would take the last replies with it.
    private void Finish()
    {
        var end = Stopwatch.GetTimestamp() + Clock.Ticks(StopGrace);
        for (var token = FirstClientToken; token < _tokens && Stopwatch.GetTimestamp() < end; token++)
        {
            if (_clients[token] is { } client)
                Finish(client);
        }

        while (_active > 0 && Stopwatch.GetTimestamp() < end)
        {
            _readyCount = _poller.Wait(20, _ready);
            for (var i = 0; i < _readyCount; i++)
            {
                if (_ready[i] == WakeToken)
                    _wake.Drain();
                else if (_clients[_ready[i]] is { } client)
                    Finish(client);
            }
        }

        for (var token = FirstClientToken; token < _tokens; token++)
        {
            if (_clients[token] is { } client)
                End(client, EndReason.Stopped, client.Unsent is null ? "" : "The client did not read its last reply in time.");
        }
    }

    private void Finish(ServedConnection client)
    {
        if (client.Leaving)
        {
            ReadAway(client);
            return;
        }

        if (client.Unsent is not null)
            SendRest(client);
        for (var reads = 0; reads < 4 && client.Unsent is null && ReceiveOnce(client); reads++)
        {
        }

        if (_clients[client.Token] == client && client.Unsent is null)
            Leave(client);
    }

    private void Leave(ServedConnection client)
    {
        client.Leaving = true;
        try
        {
            client.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            End(client, EndReason.Stopped, ""); // it is gone already
        }
    }

    private void ReadAway(ServedConnection client)
    {
        for (var reads = 0; reads < 16; reads++)
        {
            if (_poller.Receive(client.Token, _buffer, out var error) > 0)
                continue;
            if (error != SocketError.WouldBlock)
                End(client, EndReason.Stopped, "");
            return;
        }
    }

    private void End(ServedConnection client, SocketError error) => End(
        client,
        error == SocketError.Success ? EndReason.PeerClosed : Failures.IsReset(error) ? EndReason.PeerReset : EndReason.Faulted,
        error == SocketError.Success || Failures.IsReset(error) ? "" : Failures.Describe(error));

    private void End(ServedConnection client, EndReason reason, string detail)
    {
        var result = _observer is null ? null : client.Result(reason, detail);
        Close(client, orderly: reason is not (EndReason.PeerClosed or EndReason.PeerReset));
        if (result is not null)
            _observer!.Ended(client.Remote, result);
    }

    private void Close(ServedConnection client, bool orderly)
    {
        _clients[client.Token] = null;
        _freeTokens.Push(client.Token);
        _activity.Remove(client);
        _active--;
        _counters.Ended();
        _poller.Remove(client.Token, closes: true);
        if (orderly)
            new SocketTransport(client.Socket).Dispose(); // FIN, and not RST for what was not read
        else
            client.Socket.Dispose();
        _acceptor.HandleFreed();
    }
}
