using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.ExceptionServices;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Watching;

namespace EchoSocket;

/// <summary>
/// Watches echo servers: probes each of them once in an interval, and finds their outages. Each target has a thread, so that
/// none delays another. Any thread may call <see cref="Stop"/> and <see cref="Results"/>.
/// </summary>
/// <remarks>
/// The probes of a target are due at fixed times, counted from its start. (The targets start one after another, within the
/// interval and within a second, so that they do not disturb each other.) A probe that is due while the one before it still
/// waits for its reply is not sent. If the one before it is then lost, it is lost, too, with the same reason; otherwise
/// it does not count.
/// </remarks>
public sealed class EchoWatch : IDisposable
{
    private const int StackSize = 512 * 1024;

    private readonly CancellationTokenSource _stop = new();
    private readonly EchoWatchOptions _options;
    private readonly WatchedTarget[] _targets;
    private Exception? _failure;
    private int _started;

    /// <summary>Copies the options. Opens nothing yet.</summary>
    /// <exception cref="ArgumentException">The options have no target, or one over UDP with an option that is for TCP only.</exception>
    public EchoWatch(EchoWatchOptions options)
    {
        _options = options?.Copy() ?? throw new ArgumentNullException(nameof(options));
        if (_options.Targets.Count == 0)
            throw new ArgumentException("A watch needs a target.", nameof(options));
        foreach (var target in _options.Targets.Where(t => t.Udp))
            EchoUdpClient.Check(target);
        _targets = [.. Enumerable.Range(0, _options.Targets.Count).Select(i => new WatchedTarget(_options, i, _stop.Token))];
    }

    /// <summary>
    /// Watches until the count or the duration is reached, or until <see cref="Stop"/>. A target that fails is a result, not an
    /// exception.
    /// </summary>
    /// <param name="observer">Observes the probes and the outages.</param>
    /// <exception cref="InvalidOperationException">It was called before. A watch runs once.</exception>
    public void Run(IEchoWatchObserver observer)
    {
        if (observer is null)
            throw new ArgumentNullException(nameof(observer));
        if (Interlocked.Exchange(ref _started, 1) != 0)
            throw new InvalidOperationException("A watch runs once. Create another one to watch again.");

        var spread = Clock.Ticks(_options.Interval < TimeSpan.FromSeconds(1) ? _options.Interval : TimeSpan.FromSeconds(1));
        var start = _options.Clock(_options.Targets[0]).Now;
        var threads = new List<Thread>();
        try
        {
            for (var i = 0; i < _targets.Length; i++)
            {
                var (target, first) = (_targets[i], start + (spread * i / _targets.Length));
                var thread = new Thread(() => Watch(target, first, observer), StackSize) { IsBackground = true, Name = "EchoSocket watch" };
                thread.Start();
                threads.Add(thread);
            }
        }
        catch (Exception)
        {
            Stop(); // no memory for so many threads
            throw;
        }
        finally
        {
            threads.ForEach(t => t.Join());
        }

        if (_failure is not null)
            ExceptionDispatchInfo.Capture(_failure).Throw();
    }

    /// <summary>Ends the watch, and all its probes, at once. Does nothing if it has ended.</summary>
    public void Stop()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended.
        }
    }

    /// <summary>What was found so far about each target, in their order.</summary>
    public IReadOnlyList<WatchResult> Results() => [.. _targets.Select(t => t.ToResult())];

    /// <summary>Frees what the watch needs. Call it when <see cref="Run"/> has returned.</summary>
    public void Dispose() => _stop.Dispose();

    private void Watch(WatchedTarget target, long start, IEchoWatchObserver observer)
    {
        try
        {
            target.Run(start, observer);
        }
        catch (Exception e)
        {
            // Unhandled on this thread, it would end the process.
            Interlocked.CompareExchange(ref _failure, e, null);
            Stop();
        }
    }
}
