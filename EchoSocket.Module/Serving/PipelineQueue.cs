using System;
using System.Collections.Generic;
using System.Threading;

namespace EchoSocket;

/// <summary>
/// Passes what a serving thread writes to the pipeline thread, the only one that may write to the pipeline. Results are
/// never dropped: while the queue is full of them, the server accepts no further client. Verbose messages beyond the capacity
/// are dropped and counted. <see cref="Drain"/> is for the pipeline thread; all other members may be called from any thread.
/// </summary>
internal sealed class PipelineQueue : IServerOutput
{
    private const int Capacity = 10_000; // for results, and again for other messages

    // What is written within this time is drained as one batch, so that a busy server does not wake the pipeline for each client.
    private static readonly TimeSpan BatchInterval = TimeSpan.FromMilliseconds(10);

    private readonly object _gate = new(); // guards all fields below
    private Queue<Action<IServerOutput>> _actions = new();
    private long _dropped;
    private int _results;
    private bool _completed;

    public bool IsFull
    {
        get
        {
            lock (_gate)
                return _results >= Capacity;
        }
    }

    public void WriteResult(IServerResult result)
    {
        lock (_gate)
        {
            _results++;
            Add(output => output.WriteResult(result));
        }
    }

    public void WriteWarning(string text) => Add(output => output.WriteWarning(text));

    public void WriteVerbose(string text)
    {
        lock (_gate)
        {
            if (_actions.Count - _results >= Capacity)
                _dropped++;
            else
                Add(output => output.WriteVerbose(text));
        }
    }

    /// <summary>Lets <see cref="Drain"/> return once the queue is empty. Call it when the server has ended.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Writes what comes, until <see cref="Complete"/> was called and nothing is left.</summary>
    public void Drain(IServerOutput output)
    {
        while (Take() is { } actions)
        {
            foreach (var action in actions)
                action(output);

            Thread.Sleep(BatchInterval);
        }
    }

    private void Add(Action<IServerOutput> action)
    {
        lock (_gate)
        {
            _actions.Enqueue(action);
            Monitor.Pulse(_gate);
        }
    }

    private Queue<Action<IServerOutput>>? Take()
    {
        lock (_gate)
        {
            while (_actions.Count == 0)
            {
                if (_completed)
                    return null;
                Monitor.Wait(_gate);
            }

            if (_dropped > 0)
            {
                var dropped = _dropped;
                Add(output => output.WriteVerbose($"({dropped:N0} messages more than could be shown)"));
            }

            var taken = _actions;
            _actions = new Queue<Action<IServerOutput>>();
            _results = 0;
            _dropped = 0;
            return taken;
        }
    }
}
