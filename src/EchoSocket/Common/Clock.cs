using System;
using System.Diagnostics;

namespace EchoSocket.Common;

internal static class Clock
{
    /// <summary>
    /// The time since a reading of the stopwatch. (TimeSpan.FromSeconds rounds to milliseconds on .NET Framework.)
    /// </summary>
    public static TimeSpan Since(long start) =>
        TimeSpan.FromTicks((long)((Stopwatch.GetTimestamp() - start) * ((double)TimeSpan.TicksPerSecond / Stopwatch.Frequency)));

    /// <summary>A time in the stopwatch's own ticks.</summary>
    public static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}
