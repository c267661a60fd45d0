using System;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>Answers the datagrams of a server's sockets on one thread. For that thread, except <see cref="Stop"/>.</summary>
internal sealed class DatagramLoop : IDisposable
{
    private const int FirstToken = Poller.WakeToken + 1;
    private const int BatchesInTurn = 8; // a flood on one socket does not delay the others for longer

    private const int MinSingles = 16; // so many datagrams in a row that came alone make a spin worth while

    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(1);

    // After a stop: for what has come by then, and for replies that the system does not take at once.
    private static readonly TimeSpan DrainTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SendTime = TimeSpan.FromMilliseconds(500);

    private readonly DatagramChannel[] _channels;
    private readonly DatagramChannel? _only;
    private readonly IPoller _poller;
    private readonly Readiness _readiness;
    private readonly AdaptiveSpin _spin = new(pollCosts: false);
    private readonly Func<bool> _receive;
    private readonly DatagramAccess _access;
    private readonly PeerTable _peers;
    private readonly DatagramCounters _counters;
    private readonly RefusalReport _report;
    private readonly IEchoUdpObserver? _observer;
    private readonly bool _upper;
    private int _singles;
    private long _left;
    private long _retry = long.MaxValue;
    private volatile bool _stop;

    public DatagramLoop(IDatagramSocket[] sockets, DatagramAccess access, EchoUdpServerOptions options, PeerTable peers, DatagramCounters counters, IEchoUdpObserver? observer)
    {
        _report = new RefusalReport(observer);
        _channels = [.. sockets.Select((socket, i) => new DatagramChannel(socket, FirstToken + i, counters, _report))];
        _only = _channels.Length == 1 && sockets[0].CanWait ? _channels[0] : null;
        _receive = () => _only!.Receive(_left);
        _poller = options.Poller();
        _readiness = new Readiness(_poller, _only is null ? _spin : null);
        _access = access;
        _peers = peers;
        _counters = counters;
        _observer = observer;
        _upper = options.Transform == EchoTransform.Upper;
        _left = options.MessageCount ?? long.MaxValue;
        foreach (var channel in _channels)
            _poller.Register(channel.Socket.Socket, channel.Token);
    }

    /// <summary>From any thread, until it is disposed: ends <see cref="Run"/>.</summary>
    public void Stop()
    {
        _stop = true;
        _only?.Socket.EndWait();
        _readiness.Wake();
    }

    /// <summary>Serves until it is stopped, or as many messages as it may have been answered.</summary>
    /// <exception cref="SocketException">A socket can't receive any more.</exception>
    public void Run()
    {
        while (!_stop && _left > 0)
        {
            if (_only is { HasUnsent: false } && _report.Due == long.MaxValue)
                ReceiveOrWait(_only);
            else
                WaitAndServe();

            if (_retry < long.MaxValue)
                Retry();
            if (_report.Due < long.MaxValue)
                _report.Tell();
        }

        Finish();
    }

    public void Dispose()
    {
        foreach (var channel in _channels)
            channel.Socket.Dispose();
        _readiness.Dispose();
    }

    private void WaitAndServe()
    {
        _readiness.Wait(Clock.MillisecondsUntil(Math.Min(_report.Due, _retry)));
        for (var i = 0; i < _readiness.Count && !_stop; i++)
        {
            if (_readiness[i] >= FirstToken)
                Serve(_channels[_readiness[i] - FirstToken]);
        }
    }

    // A single socket needs no poller: a spin, and the wait after it, receive at once what they find. Where several datagrams come
    // together, a spin would only split them up into batches of one.
    private void ReceiveOrWait(DatagramChannel channel)
    {
        if (!(_singles >= MinSingles && _spin.TrySpin(_receive)) && !channel.Receive(_left, wait: true))
            return;

        _singles = channel.Count == 1 ? Math.Min(_singles + 1, MinSingles) : 0;
        Answer(channel);
    }

    private void Serve(DatagramChannel channel)
    {
        var batches = BatchesInTurn;
        if (channel.HasUnsent && !Send(channel))
            return;

        while (batches-- > 0 && !_stop && _left > 0 && channel.Receive(_left) && Answer(channel))
        {
        }
    }

    // Returns true if there may be more to receive.
    private bool Answer(DatagramChannel channel)
    {
        var socket = channel.Socket;
        var messages = 0;
        long bytes = 0;
        for (var i = 0; i < channel.Count; i++)
        {
            ref var datagram = ref socket.Batch[i];
            var refusal = _access.Check(datagram);
            channel.SetAnswered(i, refusal == EchoUdpRefusal.None);
            if (refusal != EchoUdpRefusal.None)
            {
                _counters.CountRefused();
                _report.Refused(datagram.Remote, refusal);
                continue;
            }

            messages++;
            bytes += datagram.Count;
            _observer?.Received(datagram.Remote.ToEndPoint(), socket.Buffer, datagram.Offset, datagram.Count);
            if (_upper)
                AsciiUpper.Apply(socket.Buffer, datagram.Offset, datagram.Count);
        }

        Remember(channel);
        _counters.CountReceived(messages, bytes);
        _left -= messages;
        return Send(channel) && channel.Count == socket.Batch.Length;
    }

    private void Remember(DatagramChannel channel)
    {
        var now = Stopwatch.GetTimestamp();
        lock (_peers.Gate)
        {
            for (var i = 0; i < channel.Count; i++)
            {
                if (channel.IsAnswered(i))
                    _peers.Seen(channel.Socket.Batch[i].Remote, channel.Socket.Batch[i].Count, now);
            }
        }
    }

    // Returns true if all is sent. Otherwise the socket receives nothing until it is.
    private bool Send(DatagramChannel channel)
    {
        var error = channel.Send();
        var interest = error == SocketError.Success ? Interest.Reading : error == SocketError.WouldBlock ? Interest.Writing : Interest.None;
        if (interest == Interest.None)
            _retry = Stopwatch.GetTimestamp() + Clock.Ticks(RetryInterval);
        if (interest != channel.Interest)
        {
            channel.Interest = interest;
            _poller.Change(channel.Token, interest);
        }

        return error == SocketError.Success;
    }

    private void Retry()
    {
        if (Stopwatch.GetTimestamp() < _retry)
            return;

        _retry = long.MaxValue;
        foreach (var channel in _channels)
        {
            if (channel.HasUnsent)
                Send(channel);
        }
    }

    private void Finish()
    {
        var start = Stopwatch.GetTimestamp();
        var drainEnd = start + Clock.Ticks(DrainTime);
        foreach (var channel in _channels)
        {
            while (!channel.HasUnsent && _left > 0 && Stopwatch.GetTimestamp() < drainEnd && channel.Receive(_left))
                Answer(channel);
        }

        var sendEnd = start + Clock.Ticks(SendTime);
        while (_channels.Any(channel => channel.HasUnsent) && Stopwatch.GetTimestamp() < sendEnd)
        {
            _readiness.Wait(Clock.MillisecondsUntil(Math.Min(sendEnd, _retry)), maySpin: false);
            for (var i = 0; i < _readiness.Count; i++)
            {
                if (_readiness[i] >= FirstToken && _channels[_readiness[i] - FirstToken] is { HasUnsent: true } channel)
                    Send(channel);
            }

            Retry();
        }

        foreach (var channel in _channels)
            channel.GiveUpAll("The server was stopped before the system took it.");
        _report.Tell(ending: true);
    }
}
