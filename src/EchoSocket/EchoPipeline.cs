using System;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket;

/// <summary>
/// Several messages in flight over one connection; the replies come in the order of the messages. The caller sends what is due in
/// one piece, and receives while it waits. While it is elsewhere, two threads do that, so that nothing waits for it, and full
/// buffers in one direction do not hold up the other. For one thread at a time, the connection's.
/// </summary>
public sealed class EchoPipeline
{
    /// <summary>The most messages in flight.</summary>
    public const int MaxInFlight = 65_536;

    /// <summary>The most bytes in flight. A longer message needs <see cref="EchoClient.Exchange"/>, with nothing in flight.</summary>
    public const int MaxBytes = 1024 * 1024;

    // The system reports a reset once. This is the time that a sending thread has to report it.
    private const int ResetGraceMilliseconds = 50;

    // The threads take over when the caller was not here for so long.
    private const int AwayMilliseconds = 2;
    private const int MaxPauseMilliseconds = 16;

    // How long a message waits for others before the caller sends it. A call of the system takes about a fifth of it.
    private static readonly long CoalesceTicks = Clock.Ticks(TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond / 20));

    private static readonly long AwayTicks = Clock.Ticks(TimeSpan.FromMilliseconds(AwayMilliseconds));

    private readonly object _gate = new(); // guards all that follows
    private readonly EchoClient _client;
    private readonly BlockingTransport _transport;
    private readonly ReplyReceiver _replies;
    private readonly InFlightRing _ring;
    private readonly Thread _sender;
    private readonly Thread _receiver;
    private readonly long _timeout;
    private readonly bool _measure;
    private bool _stopped;
    private bool _sending;
    private bool _receiving;
    private bool _senderIdle;
    private bool _receiverIdle;
    private bool _callerWaits;
    private long _lastCall;
    private long _lastSend;
    private long _lastReceive;
    private SocketError _sendError;
    private SocketError _receiveError;
    private ExceptionDispatchInfo? _defect;
    private bool _failed;

    internal EchoPipeline(
        EchoClient client, BlockingTransport transport, ReplyReceiver replies, TimeSpan timeout, int inFlight, bool measure)
    {
        _client = client;
        _transport = transport;
        _replies = replies;
        _timeout = Clock.Ticks(timeout);
        _measure = measure;
        _ring = new InFlightRing(inFlight, MaxBytes);
        _sender = Start(SendMessages, "EchoSocket sender");
        _receiver = Start(ReceiveReplies, "EchoSocket receiver");
    }

    /// <summary>The messages whose replies have not been taken.</summary>
    public int Outstanding
    {
        get
        {
            lock (_gate)
                return _ring.Outstanding;
        }
    }

    private bool CanSend => _ring.HasUnsent && !_sending && _sendError == SocketError.Success;

    private bool CanReceive => _ring.SentTo > _ring.ReceivedTo && !_receiving && !_failed;

    /// <summary>
    /// Sends the first <paramref name="count"/> bytes of a message soon. Returns false if there is no room for it, or if the
    /// connection has failed: take a reply first, which throws in the latter case. The message may change after the call.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The message is empty, or longer than its buffer or than <see cref="MaxBytes"/>.</exception>
    public bool TrySend(byte[] message, int count)
    {
        if (message is null)
            throw new ArgumentNullException(nameof(message));
        if (count < 1 || count > message.Length || count > MaxBytes)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"A message has 1 to {MaxBytes} bytes, and must fit its buffer.");

        bool isDue;
        lock (_gate)
        {
            if (_failed || _stopped || !_ring.TryAdd(message, count))
                return false;

            _client.Messages++;
            _lastCall = Stopwatch.GetTimestamp();
            isDue = !_measure && CanSend && (_ring.IsHalfUnsent || _lastCall - _lastSend > CoalesceTicks);
            if (!isDue)
                Wake();
        }

        if (isDue)
            SendDue();
        return true;
    }

    /// <summary>
    /// Takes the next reply. Returns false if it has not come yet, or, with <paramref name="wait"/>, if nothing is outstanding.
    /// After a failure the replies that came before it are taken first; then it is thrown, for the message whose reply would have
    /// been next, and the connection is closed. The replies to all messages after that one are lost.
    /// </summary>
    /// <param name="reply">A buffer that has room for the reply.</param>
    /// <param name="wait">Waits for the reply.</param>
    /// <param name="count">The number of bytes of the message, and of its reply.</param>
    /// <param name="roundTripTime">
    /// From the start of the send to the last byte of the reply; unless times are measured, it may count until the caller asked.
    /// </param>
    /// <exception cref="EchoException">As of <see cref="EchoClient.Exchange"/>.</exception>
    /// <exception cref="OperationCanceledException">The connection's token was cancelled.</exception>
    public bool TryReceive(byte[] reply, bool wait, out int count, out TimeSpan roundTripTime)
    {
        (count, roundTripTime) = (0, TimeSpan.Zero);
        for (var looked = false; ;)
        {
            lock (_gate)
            {
                if (_ring.Completed > 0)
                {
                    (count, var ticks) = _ring.Take(reply);
                    roundTripTime = Clock.ToTimeSpan(ticks);
                    return true;
                }

                if (_failed)
                    break;
                if (_ring.Outstanding == 0 || (!wait && (_measure || looked || !IsTimeToLook())))
                    return false;

                looked = true;
                if (wait && (_measure || !(CanSend || CanReceive)))
                {
                    Wait(ref _callerWaits);
                    continue;
                }
            }

            SendDue();
            if (wait || _transport.IsReadable())
                ReceiveSome();
        }

        _client.Dispose();
        _defect?.Throw();
        var head = _ring.Head;
        throw _client.Failure(head.Received, head.Count, _receiveError, _client.Messages - _ring.Outstanding + 1);
    }

    /// <summary>Ends the threads, once the connection is shut down or nothing is outstanding.</summary>
    internal void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }

        _sender.Join();
        _receiver.Join();
    }

    private Thread Start(Action work, string name)
    {
        var thread = new Thread(() => Run(work)) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    // Nothing may escape a thread: it would end the process.
    private void Run(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e)
        {
            lock (_gate)
            {
                _defect = ExceptionDispatchInfo.Capture(e);
                Fail(SocketError.SocketError);
            }
        }
    }

    private void SendMessages()
    {
        while (WaitForTurn(ref _senderIdle, () => CanSend))
            SendDue();
    }

    private void ReceiveReplies()
    {
        while (WaitForTurn(ref _receiverIdle, () => CanReceive))
            ReceiveSome();
    }

    // A thread whose turn does not come looks less and less often. To wake it for each message would cost more than the rest.
    private bool WaitForTurn(ref bool idle, Func<bool> can)
    {
        var pause = AwayMilliseconds;
        lock (_gate)
        {
            while (!_stopped && !_failed)
            {
                var isTurn = can();
                if (isTurn && (_measure || Stopwatch.GetTimestamp() - _lastCall > AwayTicks))
                    return true;

                if (_measure || _ring.Outstanding == 0)
                    Wait(ref idle);
                else
                    Monitor.Wait(_gate, pause);
                pause = isTurn ? AwayMilliseconds : Math.Min(pause * 2, MaxPauseMilliseconds);
            }

            return false;
        }
    }

    // Sends all that is due, unless another thread is sending.
    private void SendDue()
    {
        int offset, count;
        lock (_gate)
        {
            if (!CanSend)
                return;

            _sending = true;
            _lastSend = Stopwatch.GetTimestamp();
            (offset, count) = _ring.NextToSend(_lastSend);
            Wake();
        }

        var error = _transport.Send(_ring.Messages, offset, count);
        lock (_gate)
        {
            _sending = false;
            _sendError = error; // the receiver sees the end, or runs out of time
            if (error == SocketError.Success)
                Wake();
            else
                Monitor.PulseAll(_gate);
        }
    }

    // Receives what has come, and waits for it if need be, unless another thread is receiving.
    private void ReceiveSome()
    {
        int offset, count;
        long due;
        lock (_gate)
        {
            if (!CanReceive)
                return;

            _receiving = true;
            (offset, count) = _ring.NextToReceive(beyond: !_replies.AnyReply);
            due = _ring.Head.Started + _timeout;
        }

        var part = _transport.Receive(_ring.Replies, offset, count, due, out var error);
        lock (_gate)
        {
            _lastReceive = Stopwatch.GetTimestamp();
            if (part == 0 && error == SocketError.Success && _sending)
                Monitor.Wait(_gate, ResetGraceMilliseconds);
            _receiving = false;
            if (part == 0)
                Fail(error == SocketError.Success && _sendError == SocketError.ConnectionReset ? _sendError : error);
            else if (!AreRight(offset, part))
                Fail(error);
            else
                Wake();
        }
    }

    private bool AreRight(int offset, int part)
    {
        var expected = _ring.Expected(part);
        var wrong = _replies.AnyReply ? -1 : _replies.FindWrong(_ring.Messages, offset, _ring.Replies, offset, expected);
        _ring.Advance(wrong >= 0 ? wrong : expected, _lastReceive);
        if (wrong < 0 && part > expected)
        {
            wrong = expected;
            if (_ring.IsAllCompleted)
                _ring.ReopenLast();
        }

        if (wrong < 0)
            return true;

        var at = _ring.Head.Received;
        var start = ReplyReceiver.ShownFrom(at, _ring.Head.Count);
        var shown = _ring.CopyReceived(start, part - wrong, Escaping.MaxQuoted + 1);
        _replies.Fail(at, shown, 0, shown.Length, cutBefore: start > 0 && at < _ring.Head.Count);
        return false;
    }

    // A caller that calls often does not look each time.
    private bool IsTimeToLook()
    {
        _lastCall = Stopwatch.GetTimestamp();
        return CanReceive && _lastCall - _lastReceive > CoalesceTicks;
    }

    private void Fail(SocketError error)
    {
        _receiveError = error;
        _failed = true;
        Monitor.PulseAll(_gate);
    }

    private void Wait(ref bool waits)
    {
        waits = true;
        Monitor.Wait(_gate);
        waits = false;
    }

    private void Wake()
    {
        if (_callerWaits || (_senderIdle && CanSend) || (_receiverIdle && CanReceive))
            Monitor.PulseAll(_gate);
    }
}
