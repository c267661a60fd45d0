using System;
using EchoSocket.Common;

namespace EchoSocket.Measuring;

/// <summary>How far a measurement is. Thread-safe.</summary>
internal static class MeterProgress
{
    /// <summary>The share of the run that is done, 0 to 1.</summary>
    /// <param name="options">What ends the run.</param>
    /// <param name="start">When the warm-up ended, in stopwatch ticks; 0 before that.</param>
    /// <param name="settled">The messages that were answered or lost.</param>
    public static double Of(EchoMeterOptions options, long start, long settled)
    {
        if (start == 0)
            return 0;

        var byCount = (double)settled / options.Count ?? 0;
        var elapsed = Clock.ToTimeSpan(options.Timestamp() - start);
        var byTime = options.Duration is { } duration ? elapsed.TotalSeconds / duration.TotalSeconds : 0;
        return Math.Min(Math.Max(byCount, byTime), 1);
    }

    /// <summary>Why nothing was measured, if the system has no resources for it.</summary>
    public static string OutOfResources(Exception e) =>
        $"Nothing could be measured: {e.Message}. This computer may be short of file handles or memory for so many connections; use fewer.";
}
