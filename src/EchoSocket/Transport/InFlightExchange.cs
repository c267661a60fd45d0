using System;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Threading;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>Who waits for an <see cref="InFlightExchange"/> to change.</summary>
[Flags]
internal enum Waiters
{
    None = 0,
    Caller = 1,
    Sender = 2,
    Receiver = 4,
}

/// <summary>
/// Sends the messages of a ring over one connection, and receives and checks their replies. Hold <see cref="Gate"/> to read or to
/// change it and its ring, except for <see cref="SendDue"/> and <see cref="ReceiveSome"/>, which any thread may call without it:
/// one thread at a time sends, and one receives.
/// </summary>
internal sealed class InFlightExchange(BlockingTransport transport, ReplyReceiver replies, InFlightRing ring, TimeSpan timeout)
{
    // The system reports a reset once. This is the time that a sending thread has to report it.
    private const int ResetGraceMilliseconds = 50;

    private readonly long _timeout = Clock.Ticks(timeout);
    private bool _sending;
    private bool _receiving;
    private SocketError _sendError;
    private Waiters _waiting;

    public object Gate { get; } = new();

    public InFlightRing Ring => ring;

    public bool CanSend => ring.HasUnsent && !_sending && _sendError == SocketError.Success;

    public bool CanReceive => ring.SentTo > ring.ReceivedTo && !_receiving && !HasFailed;

    /// <summary>When the last send began, in stopwatch ticks.</summary>
    public long LastSend { get; private set; }

    /// <summary>When bytes last came, in stopwatch ticks.</summary>
    public long LastReceive { get; private set; }

    /// <summary>No further reply will come.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Why it failed; if a byte was wrong, the <see cref="ReplyReceiver"/> knows.</summary>
    public SocketError Error { get; private set; }

    /// <summary>An exception that is no failure of the connection, but a defect.</summary>
    public ExceptionDispatchInfo? Defect { get; private set; }

    /// <summary>Sends all that is due in one piece, unless another thread is sending.</summary>
    public void SendDue()
    {
        int offset, count;
        lock (Gate)
        {
            if (!CanSend)
                return;

            _sending = true;
            LastSend = Stopwatch.GetTimestamp();
            (offset, count) = ring.NextToSend(LastSend);
            Wake();
        }

        var error = transport.Send(ring.Messages, offset, count);
        lock (Gate)
        {
            _sending = false;
            _sendError = error; // the receiver sees the end, or runs out of time
            if (error == SocketError.Success)
                Wake();
            else
                Monitor.PulseAll(Gate);
        }
    }

    /// <summary>Receives what has come, or with <paramref name="wait"/> what comes next, unless another thread is receiving.</summary>
    public void ReceiveSome(bool wait)
    {
        int offset, count;
        long due;
        lock (Gate)
        {
            if (!CanReceive)
                return;

            _receiving = true;
            (offset, count) = ring.NextToReceive(beyond: !replies.AnyReply);
            due = ring.Head.Started + _timeout;
        }

        var error = SocketError.WouldBlock;
        var part = wait || transport.IsReadable() ? transport.Receive(ring.Replies, offset, count, due, out error) : 0;
        lock (Gate)
        {
            LastReceive = Stopwatch.GetTimestamp();
            if (part == 0 && error == SocketError.Success && _sending)
                Monitor.Wait(Gate, ResetGraceMilliseconds);
            _receiving = false;
            if (part > 0 ? !AreRight(offset, part) : error != SocketError.WouldBlock)
                Fail(part == 0 && error == SocketError.Success && _sendError == SocketError.ConnectionReset ? _sendError : error);
            else
                Wake();
        }
    }

    /// <summary>Ends it because of a defect.</summary>
    public void Fail(Exception defect)
    {
        Defect = ExceptionDispatchInfo.Capture(defect);
        Fail(SocketError.SocketError);
    }

    /// <summary>Waits until something has changed that concerns the waiter.</summary>
    public void Wait(Waiters waiter)
    {
        _waiting |= waiter;
        Monitor.Wait(Gate);
        _waiting &= ~waiter;
    }

    /// <summary>Wakes who waits, if it can go on. To wake a thread for each message would cost more than all else.</summary>
    public void Wake()
    {
        if (_waiting != Waiters.None
            && ((_waiting & Waiters.Caller) != 0 || ((_waiting & Waiters.Sender) != 0 && CanSend) || ((_waiting & Waiters.Receiver) != 0 && CanReceive)))
            Monitor.PulseAll(Gate);
    }

    private void Fail(SocketError error)
    {
        Error = error;
        HasFailed = true;
        Monitor.PulseAll(Gate);
    }

    private bool AreRight(int offset, int part)
    {
        var expected = ring.Expected(part);
        var wrong = replies.AnyReply ? -1 : replies.FindWrong(ring.Messages, offset, ring.Replies, offset, expected);
        ring.Advance(wrong >= 0 ? wrong : expected, LastReceive);
        if (wrong < 0 && part > expected)
        {
            wrong = expected;
            if (ring.IsAllCompleted)
                ring.ReopenLast();
        }

        if (wrong < 0)
            return true;

        var at = ring.Head.Received;
        var start = ReplyReceiver.ShownFrom(at, ring.Head.Count);
        var shown = ring.CopyReceived(start, part - wrong, Escaping.MaxQuoted + 1);
        replies.Fail(at, shown, 0, shown.Length, cutBefore: start > 0 && at < ring.Head.Count);
        return false;
    }
}
