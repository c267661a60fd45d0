using System.Collections.Generic;
using System.Linq;

namespace EchoSocket.Benchmarks;

internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    public static string Summary(IReadOnlyCollection<double> values) => $"{Median(values):0.00} ({values.Min():0.00}-{values.Max():0.00})";
}
