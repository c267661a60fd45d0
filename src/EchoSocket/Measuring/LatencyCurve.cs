using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Xml;

namespace EchoSocket.Measuring;

/// <summary>
/// The curve of one result in a <see cref="LatencyPlot"/>: round-trip times in nanoseconds over the "number of nines" of
/// their percentile, which is 1 for 90 %, 2 for 99 %, and so on.
/// </summary>
internal sealed class LatencyCurve
{
    private const int PointCount = 200;
    private const int MaxNameWidth = 40;
    private const string WideLetters = "MWmw@%";
    private const char Replacement = '\uFFFD';

    private readonly List<(double Nines, double Time)> _points = [];

    private LatencyCurve(string label, MeterResult result)
    {
        (Label, Result) = (label, result);
        if (result.Received == 0 || string.IsNullOrEmpty(result.HdrHistogram))
            return;

        var times = LatencyHistogram.Decode(result.HdrHistogram);
        if (times.Count == 0)
            return;

        P50 = Percentile(times, 50);
        P99 = Percentile(times, 99);

        // The longest of n times is the last n-th of them. The line ends in the middle of that n-th. Whole nines, where the
        // grid lines are, have points of their own.
        var end = Math.Log10(2.0 * times.Count);
        var pointsPerNine = (int)Math.Ceiling(PointCount / end);
        for (var i = 0; i < end * pointsPerNine; i++)
        {
            var nines = (double)i / pointsPerNine;
            _points.Add((nines, Percentile(times, 100 * (1 - Math.Pow(10, -nines)))));
        }

        _points.Add((end, Percentile(times, 100)));
    }

    /// <summary>The target, with a number if several results have the same target.</summary>
    public string Label { get; }

    public MeterResult Result { get; }

    /// <summary>Messages were lost or connections failed, so the curve is not the whole truth.</summary>
    public bool HasFailures => Result.Lost > 0 || Result.Errors.Count > 0;

    /// <summary>From the shortest time to the longest; empty if there was no reply.</summary>
    public IReadOnlyList<(double Nines, double Time)> Points => _points;

    public double P50 { get; }

    public double P99 { get; }

    public static IReadOnlyList<LatencyCurve> From(IReadOnlyList<MeterResult> results)
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

    // At least 100 ns, a tick of TimeSpan, since zero has no logarithm.
    private static double Percentile(LatencyHistogram times, double percentile) => 100.0 * Math.Max(times.Percentile(percentile)!.Value.Ticks, 1);

    private static string Target(MeterResult result)
    {
        var name = Shorten(result.ComputerName ?? "", MaxNameWidth);
        return FormattableString.Invariant($"{(name.Contains(":") ? $"[{name}]" : name)}:{result.Port}");
    }

    /// <summary>
    /// Shortens a name to a width in letters of average width, and replaces control characters and those that XML cannot hold.
    /// </summary>
    public static string Shorten(string name, int maxWidth)
    {
        var text = new StringBuilder();
        var width = 0;
        for (var i = 0; i < name.Length; i++)
        {
            // From U+1100 (Hangul) on, most characters are twice as wide as Latin letters.
            width += name[i] < '\u1100' && WideLetters.IndexOf(name[i]) < 0 ? 1 : 2;
            if (width > maxWidth)
                return text.Append('…').ToString();

            if (i + 1 < name.Length && XmlConvert.IsXmlSurrogatePair(name[i + 1], name[i]))
                text.Append(name[i]).Append(name[++i]);
            else
                text.Append(XmlConvert.IsXmlChar(name[i]) && !char.IsControl(name[i]) ? name[i] : Replacement);
        }

        return text.ToString();
    }
}
