using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using EchoSocket.Measuring;
using static EchoSocket.Measuring.SvgElements;

namespace EchoSocket;

/// <summary>
/// Draws the round-trip times of measurements as HdrHistogram's plots do: over their percentiles, where each further nine
/// (90 %, 99 %, 99.9 %) is as wide as the one before.
/// </summary>
public static class LatencyPlot
{
    private const string DefaultTitle = "Round-trip time by percentile";
    private const int MaxTitleWidth = 76;

    // In pixels.
    private const int Width = 960;
    private const int Left = 84;
    private const int Right = 916;
    private const int TitleBottom = 32;
    private const int Top = 56;
    private const int Bottom = 416;
    private const int LegendTop = 496;
    private const int LegendTopWithoutPlot = 72;
    private const int LetterWidth = 7;

    private const string AxisColour = "#8c8c8c";

    // Characters beyond ASCII become references, so the picture can be saved in any encoding.
    private static readonly XmlWriterSettings Settings = new()
    {
        Encoding = Encoding.ASCII,
        OmitXmlDeclaration = true,
        Indent = true,
        NewLineChars = "\n",
    };

    /// <summary>
    /// Draws one or several measurements as an SVG document. A measurement without replies only appears in the legend, and a
    /// picture of such measurements alone has no axes.
    /// </summary>
    /// <param name="results">The measurements.</param>
    /// <param name="title">The title; the one that says what is drawn if it is null.</param>
    /// <exception cref="ArgumentNullException"><paramref name="results"/> is null.</exception>
    /// <exception cref="ArgumentException">There is no result, or one of them is null.</exception>
    public static string Svg(IReadOnlyList<MeterResult> results, string? title = null)
    {
        if (results is null)
            throw new ArgumentNullException(nameof(results));
        if (results.Count == 0 || results.Any(r => r is null))
            throw new ArgumentException("At least one result is needed, and none may be null.", nameof(results));

        using var file = new MemoryStream();
        using (var writer = XmlWriter.Create(file, Settings))
            Picture(LatencyCurve.From(results), title ?? DefaultTitle).Save(writer);
        return Encoding.ASCII.GetString(file.ToArray());
    }

    private static XElement Picture(IReadOnlyList<LatencyCurve> curves, string title)
    {
        var isEmpty = curves.All(c => c.Points.Count == 0);
        var legend = new PlotLegend(curves, Left, Right, isEmpty ? LegendTopWithoutPlot : LegendTop);
        var height = legend.Bottom;

        var svg = Element("svg", ("width", Width), ("height", height), ("viewBox", FormattableString.Invariant($"0 0 {Width} {height}")),
            ("role", "img"), ("font-family", "system-ui, sans-serif"), ("font-size", 12), ("fill", TextColour));
        svg.Add(
            new XElement(Namespace + "title", LatencyCurve.Shorten(title, int.MaxValue)),
            Element("rect", ("width", Width), ("height", height), ("fill", "#ffffff")),
            Text(LatencyCurve.Shorten(title, MaxTitleWidth), Left, TitleBottom, ("font-size", 18), ("font-weight", 600)),
            isEmpty ? null : Plot(curves),
            legend.Elements);
        return svg;
    }

    private static IEnumerable<object> Plot(IReadOnlyList<LatencyCurve> curves)
    {
        var drawn = curves.Where(c => c.Points.Count > 0).ToList();
        var nines = drawn.Select(c => c.Points[c.Points.Count - 1].Nines).Append(1).Max();
        var times = new TimeAxis(drawn.Min(c => c.Points[0].Time), drawn.Max(c => c.Points[c.Points.Count - 1].Time));
        return
        [
            PercentileAxis(nines),
            Axis(times),
            Element("path", ("d", FormattableString.Invariant($"M{Left},{Top}V{Bottom}H{Right}")), ("fill", "none"), ("stroke", AxisColour)),
            curves.Select((curve, i) => Line(i, [.. curve.Points.Select(p => (X(p.Nines, nines), Y(p.Time, times)))], curve.HasFailures)),
        ];
    }

    private static double X(double nines, double end) => Left + (nines / end * (Right - Left));

    private static double Y(double time, TimeAxis times) => Bottom - (times.Position(time) * (Bottom - Top));

    private static IEnumerable<XElement> PercentileAxis(double end)
    {
        var ticks = new List<(double Nines, string Label)> { (0, "0 %"), (Math.Log10(2), "50 %"), (1, "90 %"), (2, "99 %") };
        for (var nines = 3; nines <= end; nines++)
            ticks.Add((nines, "99." + new string('9', nines - 2) + " %"));

        var taken = 0.0;
        foreach (var (nines, label) in ticks.Where(t => t.Nines <= end))
        {
            // Between two labels there is room for a letter at least.
            var x = X(nines, end);
            var half = (label.Length + 1) * LetterWidth / 2.0;
            var fits = x - half >= taken;
            taken = fits ? x + half : taken;
            yield return Group(x, Bottom, Element("line", ("y2", Top - Bottom), ("stroke", GridColour)),
                fits ? Text(label, 0, 22, ("text-anchor", "middle")) : null);
        }

        yield return Text("Percentile", (Left + Right) / 2, Bottom + 46, ("text-anchor", "middle"), ("fill", PaleTextColour));
    }

    private static IEnumerable<XElement> Axis(TimeAxis times)
    {
        foreach (var (time, label) in times.Ticks)
        {
            yield return Group(Left, Y(time, times), Element("line", ("x2", Right - Left), ("stroke", GridColour)),
                Text(label, -8, 4, ("text-anchor", "end")));
        }

        yield return Group(20, (Top + Bottom) / 2, Text(times.IsLogarithmic ? "Round-trip time (logarithmic)" : "Round-trip time", 0, 0,
            ("transform", "rotate(-90)"), ("text-anchor", "middle"), ("fill", PaleTextColour)));
    }

    // Its end is marked at the longest time, since other lines may cover it.
    private static IEnumerable<XElement> Line(int number, IReadOnlyList<(double X, double Y)> points, bool failed)
    {
        if (points.Count == 0)
            yield break;

        var path = string.Join(" ", points.Select(p => Number(p.X) + "," + Number(p.Y)));
        yield return Element("polyline", [("points", path), ("fill", "none"), ("stroke-linejoin", "round"), .. Stroke(number)]);
        var (x, y) = points[points.Count - 1];
        yield return End(number, x, y, failed);
    }
}
