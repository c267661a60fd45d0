using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using EchoSocket.Measuring;

namespace EchoSocket;

/// <summary>
/// Draws the round-trip times of measurements as HdrHistogram's plots do: over their percentiles, where each further nine
/// (90 %, 99 %, 99.9 %) is as wide as the one before.
/// </summary>
public static class LatencyPlot
{
    private const string Title = "Round-trip time by percentile";

    // In pixels.
    private const int Width = 800;
    private const int Left = 84;
    private const int Right = 756;
    private const int Top = 56;
    private const int Bottom = 416;
    private const int LegendTop = 496;
    private const int RowHeight = 20;
    private const int P50Column = Right - 160;
    private const int P99Column = Right - 80;
    private const int LetterWidth = 7;

    private const string TextColour = "#333333";
    private const string PaleTextColour = "#6b6b6b";
    private const string AxisColour = "#8c8c8c";
    private const string GridColour = "#e3e3e3";

    private static readonly XNamespace Namespace = "http://www.w3.org/2000/svg";

    // The palette of Okabe and Ito, which colour-blind people can tell apart, without yellow, which is too pale on white.
    private static readonly string[] Colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];
    private static readonly string[] Dashes = ["none", "7 3", "2 2", "9 3 2 3"];

    // Characters beyond ASCII become references, so the picture can be saved in any encoding.
    private static readonly XmlWriterSettings Settings = new()
    {
        Encoding = Encoding.ASCII,
        OmitXmlDeclaration = true,
        Indent = true,
        NewLineChars = "\n",
    };

    /// <summary>
    /// Draws one or several measurements as an SVG document. A measurement without replies only appears in the legend.
    /// </summary>
    /// <exception cref="ArgumentNullException"><paramref name="results"/> is null.</exception>
    /// <exception cref="ArgumentException">There is no result, or one of them is null.</exception>
    public static string Svg(IReadOnlyList<MeterResult> results)
    {
        if (results is null)
            throw new ArgumentNullException(nameof(results));
        if (results.Count == 0 || results.Any(r => r is null))
            throw new ArgumentException("At least one result is needed, and none may be null.", nameof(results));

        using var file = new MemoryStream();
        using (var writer = XmlWriter.Create(file, Settings))
            Picture(LatencyCurve.From(results)).Save(writer);
        return Encoding.ASCII.GetString(file.ToArray());
    }

    private static XElement Picture(IReadOnlyList<LatencyCurve> curves)
    {
        var drawn = curves.Where(c => c.Points.Count > 0).ToList();
        var nines = drawn.Select(c => c.Points[c.Points.Count - 1].Nines).Append(1).Max();
        var times = drawn.Count == 0
            ? new TimeAxis(1e6, 1e6)
            : new TimeAxis(drawn.Min(c => c.Points[0].Time), drawn.Max(c => c.Points[c.Points.Count - 1].Time));
        var height = LegendTop + (curves.Count * RowHeight) + 28;

        var svg = Element("svg", ("width", Width), ("height", height), ("viewBox", FormattableString.Invariant($"0 0 {Width} {height}")),
            ("role", "img"), ("font-family", "system-ui, sans-serif"), ("font-size", 12), ("fill", TextColour));
        svg.Add(
            new XElement(Namespace + "title", Title),
            Element("rect", ("width", Width), ("height", height), ("fill", "#ffffff")),
            Text(Title, Left, 32, ("font-size", 18), ("font-weight", 600)),
            PercentileAxis(nines),
            Axis(times),
            Element("path", ("d", FormattableString.Invariant($"M{Left},{Top}V{Bottom}H{Right}")), ("fill", "none"), ("stroke", AxisColour)),
            curves.Select((curve, i) => Line(i, [.. curve.Points.Select(p => (X(p.Nines, nines), Y(p.Time, times)))])),
            Legend(curves));
        return svg;
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

    // A row for each curve: a piece of its line, the target, and its times in columns.
    private static IEnumerable<object> Legend(IReadOnlyList<LatencyCurve> curves)
    {
        yield return Row(LegendTop, "Target", "p50", "p99", "max", PaleTextColour);
        yield return Element("line", ("x1", Left), ("y1", LegendTop + 7), ("x2", Right), ("y2", LegendTop + 7), ("stroke", GridColour));
        for (var i = 0; i < curves.Count; i++)
        {
            var curve = curves[i];
            var y = LegendTop + 4 + ((i + 1) * RowHeight);
            if (curve.Points.Count == 0)
            {
                yield return Row(y, curve.Label, "", "", "no reply", PaleTextColour);
                continue;
            }

            var longest = curve.Points[curve.Points.Count - 1].Time;
            yield return Element("line", [("x1", Left), ("y1", y - 4), ("x2", Left + 30), ("y2", y - 4), .. Stroke(i)]);
            yield return Row(y, curve.Label, TimeAxis.Text(curve.P50), TimeAxis.Text(curve.P99), TimeAxis.Text(longest), TextColour);
        }
    }

    private static IEnumerable<XElement> Row(int y, string target, string p50, string p99, string longest, string colour) =>
        new[] { (p50, P50Column), (p99, P99Column), (longest, Right) }.Where(t => t.Item1.Length > 0)
            .Select(t => Text(t.Item1, t.Item2, y, ("text-anchor", "end"), ("fill", colour)))
            .Prepend(Text(target, Left + 40, y, ("fill", colour)));

    // It ends in a dot at the longest time, since other lines may cover its end.
    private static IEnumerable<XElement> Line(int number, IReadOnlyList<(double X, double Y)> points)
    {
        if (points.Count == 0)
            yield break;

        var path = string.Join(" ", points.Select(p => Number(p.X) + "," + Number(p.Y)));
        yield return Element("polyline", [("points", path), ("fill", "none"), ("stroke-linejoin", "round"), .. Stroke(number)]);
        var (x, y) = points[points.Count - 1];
        yield return Element("circle", ("cx", Number(x)), ("cy", Number(y)), ("r", 3), ("fill", Colour(number)));
    }

    // When all colours are used, they come again with other dashes.
    private static (string Name, object Value)[] Stroke(int number) =>
    [
        ("stroke", Colour(number)), ("stroke-width", 2),
        ("stroke-dasharray", Dashes[number / Colours.Length % Dashes.Length]),
    ];

    private static string Colour(int number) => Colours[number % Colours.Length];

    private static XElement Group(double x, double y, params XElement?[] elements) =>
        new(Namespace + "g", new XAttribute("transform", $"translate({Number(x)},{Number(y)})"), elements);

    private static XElement Text(string text, int x, int y, params (string Name, object Value)[] attributes) =>
        new(Element("text", [("x", x), ("y", y), .. attributes])) { Value = text };

    private static XElement Element(string name, params (string Name, object Value)[] attributes) =>
        new(Namespace + name, attributes.Select(a => new XAttribute(a.Name, a.Value)));

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
