using System;
using System.Diagnostics;
using System.Threading;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>
/// Two threads that send and receive while the caller of an exchange does something else, so that nothing waits for it, and full
/// buffers in one direction do not hold up the other. If they work <paramref name="always"/>, the caller need not. Members without
/// another note are for the caller's thread.
/// </summary>
internal sealed class InFlightThreads(InFlightExchange exchange, bool always)
{
    // The threads take over when the caller was not here for so long.
    private const int AwayMilliseconds = 2;
    private const int MaxPauseMilliseconds = 16;

    private static readonly long AwayTicks = Clock.Ticks(TimeSpan.FromMilliseconds(AwayMilliseconds));

    private Thread? _sender;
    private Thread? _receiver;

    /// <summary>When the caller was last here, in stopwatch ticks. Guarded by the exchange's gate.</summary>
    public long LastCall { get; set; }

    /// <summary>The threads end. Guarded by the exchange's gate.</summary>
    public bool IsStopped { get; private set; }

    public void Start()
    {
        _sender = Start("EchoSocket sender", Waiters.Sender, () => exchange.CanSend, exchange.SendDue);
        _receiver = Start("EchoSocket receiver", Waiters.Receiver, () => exchange.CanReceive, () => exchange.ReceiveSome(wait: true));
    }

    /// <summary>Ends the threads, once the connection is shut down or nothing is outstanding.</summary>
    public void Stop()
    {
        lock (exchange.Gate)
        {
            IsStopped = true;
            Monitor.PulseAll(exchange.Gate);
        }

        _sender?.Join();
        _receiver?.Join();
    }

    private Thread Start(string name, Waiters role, Func<bool> can, Action work)
    {
        var thread = new Thread(() => Run(role, can, work)) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    // Nothing may escape a thread: it would end the process.
    private void Run(Waiters role, Func<bool> can, Action work)
    {
        try
        {
            while (WaitForTurn(role, can))
                work();
        }
        catch (Exception e)
        {
            lock (exchange.Gate)
                exchange.Fail(e);
        }
    }

    // A thread whose turn does not come looks less and less often. To wake it for each message would cost more than the rest.
    private bool WaitForTurn(Waiters role, Func<bool> can)
    {
        var pause = AwayMilliseconds;
        lock (exchange.Gate)
        {
            while (!IsStopped && !exchange.HasFailed)
            {
                var isTurn = can();
                if (isTurn && (always || Stopwatch.GetTimestamp() - LastCall > AwayTicks))
                    return true;

                if (always || exchange.Ring.Outstanding == 0)
                    exchange.Wait(role);
                else
                    Monitor.Wait(exchange.Gate, pause);
                pause = isTurn ? AwayMilliseconds : Math.Min(pause * 2, MaxPauseMilliseconds);
            }

            return false;
        }
    }
}
