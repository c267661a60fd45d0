using System;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Runs blocking work on a thread of its own and waits for it, but never for ever.</summary>
internal static class Bounded
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>What the server promises: it notices an end within this time.</summary>
    public static readonly TimeSpan Promptly = TimeSpan.FromSeconds(1);

    public static Task<T> Start<T>(Func<T> work) =>
        Task.Factory.StartNew(work, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public static Task Start(Action work) =>
        Start(() =>
        {
            work();
            return true;
        });

    public static Task<T> Soon<T>(this Task<T> task, TimeSpan? limit = null) =>
        task.WaitAsync(limit ?? Limit, TestContext.Current.CancellationToken);

    public static Task Soon(this Task task, TimeSpan? limit = null) =>
        task.WaitAsync(limit ?? Limit, TestContext.Current.CancellationToken);
}
