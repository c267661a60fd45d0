using System;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Module.Tests;

/// <summary>Waits, but never for ever.</summary>
internal static class Bounded
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>What the cmdlets promise: they notice an end, or Ctrl+C, within this time.</summary>
    public static readonly TimeSpan Promptly = TimeSpan.FromSeconds(1);

    public static Task<T> Start<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public static Task Start(Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Looks until it is so.</summary>
    public static void Until(Func<bool> condition)
    {
        if (!SpinWait.SpinUntil(condition, Limit))
            throw new TimeoutException();
    }

    public static T Get<T>(this Task<T> task, TimeSpan? limit = null) =>
        task.WaitAsync(limit ?? Limit).GetAwaiter().GetResult();

    public static void Get(this Task task, TimeSpan? limit = null) =>
        task.WaitAsync(limit ?? Limit).GetAwaiter().GetResult();
}
