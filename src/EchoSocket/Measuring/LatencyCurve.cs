using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Xml;

namespace EchoSocket.Measuring;

/// <summary>
/// One result as <see cref="LatencyPlot"/> draws it: its round-trip times in nanoseconds over the "number of nines" of
/// their percentile, which is 1 for 90 %, 2 for 99 %, and so on.
/// </summary>
internal sealed class LatencyCurve
{
    private const int PointCount = 200;
    private const int LongestName = 40;
    private const string WideLetters = "MWmw@%";
    private const char Replacement = '\uFFFD';

    private readonly List<(double Nines, double Time)> _points = [];

    private LatencyCurve(string label, EchoStatistics result)
    {
        Label = label;
        if (result.Received == 0 || string.IsNullOrEmpty(result.HdrHistogram))
            return;

        var times = LatencyHistogram.Decode(result.HdrHistogram);
        if (times.Count == 0)
            return;

        P50 = Percentile(times, 50);
        P99 = Percentile(times, 99);

        // The longest of n times stands for the last n-th; the middle of that is where the line ends. Whole nines, where
        // the grid is, get points of their own.
        var end = Math.Log10(2.0 * times.Count);
        var pointsPerNine = (int)Math.Ceiling(PointCount / end);
        for (var i = 0; i < end * pointsPerNine; i++)
        {
            var nines = (double)i / pointsPerNine;
            _points.Add((nines, Percentile(times, 100 * (1 - Math.Pow(10, -nines)))));
        }

        _points.Add((end, Percentile(times, 100)));
    }

    /// <summary>The target, told apart from others of the same name.</summary>
    public string Label { get; }

    /// <summary>From the shortest to the longest; empty if no reply came.</summary>
    public IReadOnlyList<(double Nines, double Time)> Points => _points;

    public double P50 { get; }

    public double P99 { get; }

    public static IReadOnlyList<LatencyCurve> From(IReadOnlyList<EchoStatistics> results)
    {
        var targets = results.Select(Target).ToList();
        var total = targets.GroupBy(t => t).ToDictionary(g => g.Key, g => g.Count());
        var seen = new Dictionary<string, int>();
        var curves = new List<LatencyCurve>();
        foreach (var (result, target) in results.Zip(targets, (r, t) => (r, t)))
        {
            seen.TryGetValue(target, out var before);
            seen[target] = before + 1;
            curves.Add(new(total[target] == 1 ? target : FormattableString.Invariant($"{target} ({before + 1})"), result));
        }

        return curves;
    }

    // A tick of 100 ns at least, since a logarithm needs more than nothing.
    private static double Percentile(LatencyHistogram times, double percentile) => 100.0 * Math.Max(times.Percentile(percentile)!.Value.Ticks, 1);

    private static string Target(EchoStatistics result)
    {
        var name = Shortened(result.ComputerName ?? "");
        return FormattableString.Invariant($"{(name.Contains(":") ? $"[{name}]" : name)}:{result.Port}");
    }

    /// <summary>The name without what XML cannot hold or nobody can see, and not longer than there is room for.</summary>
    private static string Shortened(string name)
    {
        var text = new StringBuilder();
        var width = 0;
        for (var i = 0; i < name.Length; i++)
        {
            // From the Korean letters on, most are twice as wide as Latin ones.
            width += name[i] < '\u1100' && WideLetters.IndexOf(name[i]) < 0 ? 1 : 2;
            if (width > LongestName)
                return text.Append('…').ToString();

            if (i + 1 < name.Length && XmlConvert.IsXmlSurrogatePair(name[i + 1], name[i]))
                text.Append(name[i]).Append(name[++i]);
            else
                text.Append(XmlConvert.IsXmlChar(name[i]) && !char.IsControl(name[i]) ? name[i] : Replacement);
        }

        return text.ToString();
    }
}
