using System;
using EchoSocket.Polling;

namespace EchoSocket.Serving;

/// <summary>What the event loop provides to the faulty connections, all the same for each.</summary>
internal sealed class FaultServices(
    IPoller poller, Timers timers, UnsentReplies unsent, LoopCounters counters, IEchoObserver? observer, Func<long> clock)
{
    public IPoller Poller { get; } = poller;

    public Timers Timers { get; } = timers;

    public UnsentReplies Unsent { get; } = unsent;

    public LoopCounters Counters { get; } = counters;

    public IEchoObserver? Observer { get; } = observer;

    /// <summary>Tells the time in stopwatch ticks.</summary>
    public Func<long> Clock { get; } = clock;
}
