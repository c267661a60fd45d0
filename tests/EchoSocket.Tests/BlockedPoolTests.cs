using System;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>These tests run alone, because they block the thread pool of the whole process.</summary>
[CollectionDefinition(nameof(BlockedPoolTests), DisableParallelization = true)]
[Collection(nameof(BlockedPoolTests))]
public class BlockedPoolTests
{
    [Fact]
    public async Task A_name_is_resolved_although_every_pool_thread_is_blocked()
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());
        var canaryRan = false;

        var report = WithBlockedPool(() =>
        {
            ThreadPool.QueueUserWorkItem(_ => Volatile.Write(ref canaryRan, true));
            var report = PathProbe.Run("localhost", server.LocalEndPoint.Port, Bounded.Limit / 4);
            Assert.False(Volatile.Read(ref canaryRan), "the pool was not blocked");
            return report;
        });

        Assert.True(report.Success, $"{report.FailedStage}: {report.Reason}");
        await serving.Soon();
    }

    private static T WithBlockedPool<T>(Func<T> work)
    {
        ThreadPool.GetMaxThreads(out var max, out var maxIo);
        ThreadPool.GetMinThreads(out var min, out _);
        var threads = Math.Max(min, Environment.ProcessorCount);
        using var release = new ManualResetEvent(false);
        using var ended = new CountdownEvent(threads);
        Assert.True(ThreadPool.SetMaxThreads(threads, maxIo));
        try
        {
            for (var i = 0; i < threads; i++)
            {
                ThreadPool.QueueUserWorkItem(_ =>
                {
                    release.WaitOne();
                    ended.Signal();
                });
            }

            return work();
        }
        finally
        {
            release.Set();
            ThreadPool.SetMaxThreads(max, maxIo);
            ended.Wait();
        }
    }
}
