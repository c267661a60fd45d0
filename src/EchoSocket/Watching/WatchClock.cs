using System;
using System.Diagnostics;
using System.Threading;
using EchoSocket.Common;

namespace EchoSocket.Watching;

/// <summary>The time, and waiting for it. A test may replace it. Thread-safe.</summary>
internal class WatchClock
{
    public static readonly WatchClock System = new();

    /// <summary>In stopwatch ticks.</summary>
    public virtual long Now => Stopwatch.GetTimestamp();

    public virtual DateTime UtcNow => DateTime.UtcNow;

    /// <summary>Waits until the stopwatch shows <paramref name="due"/>, or the token is cancelled.</summary>
    public virtual void WaitUntil(long due, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested && Clock.MillisecondsUntil(due) is > 0 and var left)
            cancellation.WaitHandle.WaitOne(left);
    }
}
