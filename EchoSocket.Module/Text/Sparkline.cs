using System;
using System.Collections.Generic;
using System.Linq;

namespace EchoSocket;

/// <summary>
/// Draws round trips as a line of bars, one character each. A bar shows how many times longer the round trip took than the
/// shortest one of the line: each step stands for about 1.5 times as long, and the highest for 17 times or more. So a path that is even
/// makes a flat line, whatever its noise. Thread-safe.
/// </summary>
internal static class Sparkline
{
    public const string Bars = "▁▂▃▄▅▆▇█";
    public const char LossMark = '×';

    private const string PlainBars = "_.,-~=+#";
    private const char PlainLossMark = 'X';

    /// <param name="milliseconds">The round trips, the oldest first; null is a loss.</param>
    /// <param name="unicode">Whether the screen shows Unicode characters.</param>
    public static string Draw(IReadOnlyCollection<double?> milliseconds, bool unicode)
    {
        var (bars, mark) = unicode ? (Bars, LossMark) : (PlainBars, PlainLossMark);
        var least = milliseconds.Min() ?? 0;
        return string.Concat(milliseconds.Select(time => time is { } known ? bars[Level(known, least)] : mark));
    }

    private static int Level(double time, double least) =>
        time <= least || least <= 0 ? 0 : (int)Math.Min(Math.Log(time / least, 1.5), Bars.Length - 1);
}
