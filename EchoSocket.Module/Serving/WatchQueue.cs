using System;
using System.Collections.Generic;
using System.Threading;

namespace EchoSocket;

/// <summary>
/// Passes what a watch finds to the pipeline thread, the only one that may write to the pipeline. If the next command of
/// the pipeline is slower than the probes, the oldest items are dropped and counted, so that neither the probes wait nor
/// the memory grows. <see cref="Take"/> is for the pipeline thread; all other members may be called from any thread.
/// </summary>
internal sealed class WatchQueue
{
    public const int Capacity = 10_000;

    private readonly object _gate = new(); // guards all fields below
    private Queue<object> _items = new();
    private long _dropped;
    private bool _completed;

    /// <summary>How many items were dropped so far.</summary>
    public long Dropped
    {
        get
        {
            lock (_gate)
                return _dropped;
        }
    }

    public void Add(object item)
    {
        lock (_gate)
        {
            if (_items.Count == Capacity)
            {
                _items.Dequeue();
                _dropped++;
            }

            _items.Enqueue(item);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Lets <see cref="Take"/> return null once the queue is empty. Call it when the watch has ended.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Takes all items. Waits for one up to this time, and then returns none; null if no more will come.</summary>
    public IReadOnlyCollection<object>? Take(TimeSpan limit)
    {
        lock (_gate)
        {
            if (_items.Count == 0 && !_completed)
                Monitor.Wait(_gate, limit);
            if (_items.Count == 0)
                return _completed ? null : [];

            var taken = _items;
            _items = new Queue<object>();
            return taken;
        }
    }
}
