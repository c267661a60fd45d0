using System;
using System.Collections.Generic;
using System.Linq;

namespace EchoSocket;

/// <summary>Draws a histogram with a bar for each row of buckets, on a logarithmic time scale. Thread-safe.</summary>
internal static class HistogramChart
{
    /// <summary>Block characters, from one eighth of a character cell to a full one.</summary>
    public const string Blocks = "▏▎▍▌▋▊▉█";

    private const int MaxRows = 16;
    private const int LabelWidth = 9;
    private const int CountWidth = 24;
    private const double BucketsPerDecade = HistogramBucket.PerDecade;

    // Divisors of a decade, so that rows begin at round numbers where possible.
    private static readonly int[] BucketsPerRow = [1, 2, 4, 8, 10, 20, 40];

    public static IEnumerable<string> Lines(IReadOnlyList<(double From, long Count)> buckets, bool unicode, int width)
    {
        if (buckets.Count == 0)
            return [];

        var numbered = buckets.Select(b => (Number: (int)Math.Round(Math.Log10(b.From) * BucketsPerDecade), b.Count)).ToList();
        int Row(int number, int size) => (int)Math.Floor((double)number / size);
        var size = BucketsPerRow.Append(80).First(s => s == 80 || Row(numbered[numbered.Count - 1].Number, s) - Row(numbered[0].Number, s) < MaxRows);
        var rows = numbered.GroupBy(b => Row(b.Number, size)).ToDictionary(r => r.Key, r => r.Sum(b => b.Count));
        var largest = rows.Values.Max();
        var barWidth = width - LabelWidth - CountWidth - 2;
        return Enumerable.Range(rows.Keys.Min(), rows.Keys.Max() - rows.Keys.Min() + 1).Select(row =>
        {
            var count = rows.TryGetValue(row, out var c) ? c : 0;
            var from = Math.Pow(10, row * size / BucketsPerDecade) / 1000;
            var label = StatisticsText.Duration(from, unicode).PadLeft(LabelWidth);
            return $"{label} {Bar((double)count / largest, barWidth, unicode).PadRight(barWidth)} {(count > 0 ? $"{count:N0}" : "")}".TrimEnd();
        });
    }

    // A row with any round trip at all has a visible bar.
    private static string Bar(double share, int width, bool unicode)
    {
        if (share == 0)
            return "";
        if (!unicode)
            return new string('#', Math.Max((int)Math.Round(share * width), 1));

        var eighths = Math.Max((int)Math.Round(share * width * 8), 1);
        return new string(Blocks[7], eighths / 8) + (eighths % 8 > 0 ? Blocks[(eighths % 8) - 1].ToString() : "");
    }
}
