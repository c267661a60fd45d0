using System;

namespace EchoSocket;

/// <summary>
/// Times as plain numbers, which is what results hold: other programs read them, and PowerShell exports them as they are.
/// Both ways are exact to 100 ns. All members are thread-safe.
/// </summary>
public static class Milliseconds
{
    // A division is exact to the last digit. TimeSpan.TotalMilliseconds multiplies on .NET Framework.
    public static double From(TimeSpan time) => time.Ticks / (double)TimeSpan.TicksPerMillisecond;

    public static double? From(TimeSpan? time) => time is { } known ? From(known) : null;

    public static TimeSpan? ToTimeSpan(double? milliseconds) =>
        milliseconds is { } known ? TimeSpan.FromTicks((long)Math.Round(known * TimeSpan.TicksPerMillisecond)) : null;
}
