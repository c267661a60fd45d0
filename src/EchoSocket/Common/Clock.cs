using System;
using System.Diagnostics;

namespace EchoSocket.Common;

/// <summary>Turns the stopwatch's ticks into times, and back.</summary>
internal static class Clock
{
    /// <summary>The time since a stopwatch timestamp.</summary>
    public static TimeSpan Since(long start) => ToTimeSpan(Stopwatch.GetTimestamp() - start);

    /// <summary>Stopwatch ticks as a time. (TimeSpan.FromSeconds rounds to milliseconds on .NET Framework.)</summary>
    public static TimeSpan ToTimeSpan(long ticks) => TimeSpan.FromTicks((long)(ticks * ((double)TimeSpan.TicksPerSecond / Stopwatch.Frequency)));

    /// <summary>A time in stopwatch ticks.</summary>
    public static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    /// <summary>
    /// The milliseconds until a deadline in stopwatch ticks, rounded up: 0 if it has passed, and -1 for
    /// <see cref="long.MaxValue"/>, which means never.
    /// </summary>
    public static int MillisecondsUntil(long deadline) => MillisecondsUntil(deadline, Stopwatch.GetTimestamp());

    /// <summary>The same, counted from <paramref name="now"/>.</summary>
    public static int MillisecondsUntil(long deadline, long now)
    {
        if (deadline == long.MaxValue)
            return -1;

        var left = (deadline - now) * 1000.0 / Stopwatch.Frequency;
        return (int)Math.Min(Math.Max(Math.Ceiling(left), 0), int.MaxValue);
    }
}
