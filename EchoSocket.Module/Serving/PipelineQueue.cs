using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;

namespace EchoSocket;

/// <summary>
/// Carries what a serving thread has to say to the pipeline thread, the only one that may write. Results are never
/// dropped: while there are many, no further client is accepted. Of verbose messages those that don't fit are counted.
/// </summary>
internal sealed class PipelineQueue : IServerOutput
{
    private const int Capacity = 10_000;

    // What is written within this time is written together, so that a busy server is not interrupted for every client.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(10);

    private readonly object _gate = new();
    private Queue<Action<Cmdlet>> _actions = new();
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

    public void WriteConnection(EchoConnection connection)
    {
        lock (_gate)
        {
            _results++;
            Add(cmdlet => cmdlet.WriteObject(connection));
        }
    }

    public void WriteWarning(string text) => Add(cmdlet => cmdlet.WriteWarning(text));

    public void WriteVerbose(string text)
    {
        lock (_gate)
        {
            if (_actions.Count - _results >= Capacity)
                _dropped++;
            else
                Add(cmdlet => cmdlet.WriteVerbose(text));
        }
    }

    /// <summary>There will be nothing more. To be called when the server has ended.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>On the pipeline thread: writes what comes until there is nothing more.</summary>
    public void Drain(Cmdlet cmdlet)
    {
        while (Take() is { } actions)
        {
            foreach (var action in actions)
                action(cmdlet);

            Thread.Sleep(Rest);
        }
    }

    private void Add(Action<Cmdlet> action)
    {
        lock (_gate)
        {
            _actions.Enqueue(action);
            Monitor.Pulse(_gate);
        }
    }

    private Queue<Action<Cmdlet>>? Take()
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
                Add(cmdlet => cmdlet.WriteVerbose($"({dropped:N0} messages more than could be shown)"));
            }

            var taken = _actions;
            _actions = new Queue<Action<Cmdlet>>();
            _results = 0;
            _dropped = 0;
            return taken;
        }
    }
}
