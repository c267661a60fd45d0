using System;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Runs blocking work on a thread of its own, and waits for it with a time limit.</summary>
internal static class Bounded
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>What the server and the cmdlets promise: they notice an end, or Ctrl+C, within this time.</summary>
    public static readonly TimeSpan Promptly = TimeSpan.FromSeconds(1);

    public static Task<T> Start<T>(Func<T> work) =>
        Task.Factory.StartNew(work, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public static Task Start(Action work) =>
        Start(() =>
        {
            work();
            return true;
        });

    /// <summary>Polls until the condition holds.</summary>
    public static void Until(Func<bool> condition)
    {
        if (!SpinWait.SpinUntil(condition, Limit))
            throw new TimeoutException();
    }

    public static Task<T> Soon<T>(this Task<T> task, TimeSpan? limit = null) =>
        task.WaitAsync(limit ?? Limit, TestContext.Current.CancellationToken);

    public static Task Soon(this Task task, TimeSpan? limit = null) =>
        task.WaitAsync(limit ?? Limit, TestContext.Current.CancellationToken);

    public static T Get<T>(this Task<T> task, TimeSpan? limit = null) => task.Soon(limit).GetAwaiter().GetResult();

    public static void Get(this Task task, TimeSpan? limit = null) => task.Soon(limit).GetAwaiter().GetResult();
}
