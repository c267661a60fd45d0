using System;
using System.Collections.Generic;
using System.Linq;

namespace EchoSocket;

/// <summary>Draws a histogram with a bar for each bucket, the buckets on a logarithmic scale.</summary>
internal static class HistogramChart
{
    /// <summary>An eighth of a sign to a whole one.</summary>
    public const string Signs = "▏▎▍▌▋▊▉█";

    private const int MostRows = 16;
    private const int Width = 44;
    private const double BucketsPerDecade = EchoHistogramBucket.PerDecade;

    // How many of the given buckets a row has: what divides a decade, so that rows begin at round numbers where they can.
    private static readonly int[] BucketsPerRow = [1, 2, 4, 8, 10, 20, 40];

    public static IEnumerable<string> Lines(IReadOnlyList<(double From, long Count)> buckets, bool unicode)
    {
        if (buckets.Count == 0)
            return [];

        var numbered = buckets.Select(b => (Number: (int)Math.Round(Math.Log10(b.From) * BucketsPerDecade), b.Count)).ToList();
        int Row(int number, int size) => (int)Math.Floor((double)number / size);
        var size = BucketsPerRow.Append(80).First(s => s == 80 || Row(numbered[numbered.Count - 1].Number, s) - Row(numbered[0].Number, s) < MostRows);
        var rows = numbered.GroupBy(b => Row(b.Number, size)).ToDictionary(r => r.Key, r => r.Sum(b => b.Count));
        var most = rows.Values.Max();
        return Enumerable.Range(rows.Keys.Min(), rows.Keys.Max() - rows.Keys.Min() + 1).Select(row =>
        {
            var count = rows.TryGetValue(row, out var c) ? c : 0;
            var from = TimeSpan.FromTicks((long)Math.Round(Math.Pow(10, row * size / BucketsPerDecade) * 10));
            return $"{StatisticsText.Time(from, unicode),9} {Bar((double)count / most, unicode),-Width} {(count > 0 ? $"{count:N0}" : "")}".TrimEnd();
        });
    }

    // A bucket that has anything has a bar to be seen.
    private static string Bar(double share, bool unicode)
    {
        if (share == 0)
            return "";
        if (!unicode)
            return new string('#', Math.Max((int)Math.Round(share * Width), 1));

        var eighths = Math.Max((int)Math.Round(share * Width * 8), 1);
        return new string(Signs[7], eighths / 8) + (eighths % 8 > 0 ? Signs[(eighths % 8) - 1].ToString() : "");
    }
}
