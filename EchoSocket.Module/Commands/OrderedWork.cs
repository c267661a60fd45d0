using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Commands;

/// <summary>
/// Runs work on a bounded number of threads, and returns the results in the order in which the work was added. The work runs on
/// threads of its own, because it blocks: the thread pool adds threads too slowly for that. All members are for the pipeline thread.
/// </summary>
/// <param name="maxThreads">How much runs at once.</param>
/// <param name="stop">Ends the work.</param>
internal sealed class OrderedWork<T>(int maxThreads, CancellationToken stop) : IDisposable
{
    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(stop);
    private readonly BlockingCollection<Task<T>> _toRun = [];
    private readonly Queue<Task<T>> _toReturn = new();
    private readonly List<Thread> _threads = [];
    private int _finished;

    /// <summary>How much was added and not yet returned. The caller bounds it.</summary>
    public int Pending => _toReturn.Count;

    /// <summary>How much has run.</summary>
    public int Finished => Volatile.Read(ref _finished);

    public void Add(Func<CancellationToken, T> work)
    {
        var token = _end.Token;
        var task = new Task<T>(() =>
        {
            token.ThrowIfCancellationRequested();
            return work(token);
        });
        _toReturn.Enqueue(task);
        _toRun.Add(task);
        if (_threads.Count >= maxThreads)
            return;

        var thread = new Thread(Run) { IsBackground = true, Name = "EchoSocket probe" };
        _threads.Add(thread);
        thread.Start();
    }

    /// <summary>Waits for the next result in order, and removes it; false if it is not there in time, or nothing is pending.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public bool TryTake(TimeSpan wait, out T result)
    {
        result = default!;
        if (_toReturn.Count == 0 || Task.WaitAny([_toReturn.Peek()], wait) < 0)
            return false;

        result = _toReturn.Dequeue().GetAwaiter().GetResult();
        return true;
    }

    /// <summary>Ends the work that runs, drops what has not begun, and waits for the threads.</summary>
    public void Dispose()
    {
        _end.Cancel();
        _toRun.CompleteAdding();
        while (_toRun.TryTake(out _))
        {
            // dropped
        }

        _threads.ForEach(thread => thread.Join());
        _toRun.Dispose();
        _end.Dispose();
    }

    private void Run()
    {
        foreach (var task in _toRun.GetConsumingEnumerable())
        {
            task.RunSynchronously(TaskScheduler.Default); // an exception is kept for TryTake
            Interlocked.Increment(ref _finished);
        }
    }
}
