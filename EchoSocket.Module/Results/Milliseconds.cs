using System;

namespace EchoSocket;

/// <summary>
/// Converts times to the plain numbers that results hold, and back, exact to 100 ns. PowerShell exports numbers as they are,
/// and other programs can read them. All members are thread-safe.
/// </summary>
public static class Milliseconds
{
    // A division is exact to the last digit. TimeSpan.TotalMilliseconds multiplies on .NET Framework.
    public static double From(TimeSpan time) => time.Ticks / (double)TimeSpan.TicksPerMillisecond;

    public static double? From(TimeSpan? time) => time is { } known ? From(known) : null;

    public static TimeSpan? ToTimeSpan(double? milliseconds) =>
        milliseconds is { } known ? TimeSpan.FromTicks((long)Math.Round(known * TimeSpan.TicksPerMillisecond)) : null;
}
