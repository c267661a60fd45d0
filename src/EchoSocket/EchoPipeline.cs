using System;
using System.Diagnostics;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket;

/// <summary>
/// Several messages in flight over one connection, plain or TLS; the replies come in the order of the messages. The caller sends
/// what is due in one piece, and receives while it waits. While it does something else, two threads take over. For one thread at
/// a time, the connection's.
/// </summary>
public sealed class EchoPipeline
{
    /// <summary>The most messages in flight.</summary>
    public const int MaxInFlight = 65_536;

    /// <summary>The most bytes in flight. A longer message needs <see cref="EchoClient.Exchange"/>, with nothing in flight.</summary>
    public const int MaxBytes = 1024 * 1024;

    // How long a message waits for others before the caller sends it. A system call takes about a fifth of it.
    private static readonly long CoalesceTicks = Clock.Ticks(TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond / 20));

    private readonly EchoClient _client;
    private readonly InFlightRing _ring;
    private readonly InFlightExchange _exchange;
    private readonly InFlightThreads _threads;
    private readonly bool _measure;

    internal EchoPipeline(
        EchoClient client, BlockingTransport transport, ReplyReceiver replies, TimeSpan timeout, int inFlight, bool measure)
    {
        _client = client;
        _measure = measure;
        _ring = new InFlightRing(inFlight, MaxBytes);
        _exchange = new InFlightExchange(transport, replies, _ring, timeout);
        _threads = new InFlightThreads(_exchange, always: measure);
        _threads.Start();
    }

    /// <summary>The messages whose replies have not been taken.</summary>
    public int Outstanding
    {
        get
        {
            lock (_exchange.Gate)
                return _ring.Outstanding;
        }
    }

    /// <inheritdoc cref="InFlightRing.Awaited"/>
    internal long Awaited
    {
        get
        {
            lock (_exchange.Gate)
                return _ring.Awaited;
        }
    }

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
        lock (_exchange.Gate)
        {
            if (_exchange.HasFailed || _threads.IsStopped || !_ring.TryAdd(message, count))
                return false;

            _client.Messages++;
            var now = _threads.LastCall = Stopwatch.GetTimestamp();
            isDue = !_measure && _exchange.CanSend && (_ring.IsHalfUnsent || now - _exchange.LastSend > CoalesceTicks);
            if (!isDue)
                _exchange.Wake();
        }

        if (isDue)
            _exchange.SendDue();
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
            lock (_exchange.Gate)
            {
                if (_ring.Completed > 0)
                {
                    (count, var ticks) = _ring.Take(reply);
                    roundTripTime = Clock.ToTimeSpan(ticks);
                    return true;
                }

                if (_exchange.HasFailed)
                    break;
                if (_ring.Outstanding == 0 || (!wait && (_measure || looked || !IsTimeToLook())))
                    return false;

                looked = true;
                if (wait && (_measure || !(_exchange.CanSend || _exchange.CanReceive)))
                {
                    _exchange.Wait(Waiters.Caller);
                    continue;
                }
            }

            _exchange.SendDue();
            _exchange.ReceiveSome(wait);
        }

        _client.Dispose();
        _exchange.Defect?.Throw();
        var head = _ring.Head;
        throw _client.Failure(head.Received, head.Count, _exchange.Error, _client.Messages - _ring.Outstanding + 1);
    }

    /// <summary>Ends the threads, once the connection is shut down or nothing is outstanding.</summary>
    internal void Stop() => _threads.Stop();

    // A caller that calls often does not look each time.
    private bool IsTimeToLook()
    {
        _threads.LastCall = Stopwatch.GetTimestamp();
        return _exchange.CanReceive && _threads.LastCall - _exchange.LastReceive > CoalesceTicks;
    }
}
