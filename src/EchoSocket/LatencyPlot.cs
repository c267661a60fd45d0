using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Xml;
using EchoSocket.Measuring;

namespace EchoSocket;

/// <summary>
/// Draws how long the round trips of measurements took, as HdrHistogram's plots do: the percentiles from left to right,
/// each further nine (90 %, 99 %, 99.9 %) as far as the one before.
/// </summary>
public static class LatencyPlot
{
    private const string Title = "Round-trip time by percentile";
    private const string Namespace = "http://www.w3.org/2000/svg";

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

    // The palette of Okabe and Ito, which colour-blind people can tell apart, without the yellow: it is too pale on white.
    private static readonly string[] Colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];
    private static readonly string[] Dashes = ["none", "7 3", "2 2", "9 3 2 3"];

    // Whatever encoding the picture is saved in, it is read alike: other characters than ASCII are written as references.
    private static readonly XmlWriterSettings Settings = new()
    {
        Encoding = Encoding.ASCII,
        OmitXmlDeclaration = true,
        Indent = true,
        NewLineChars = "\n",
    };

    /// <summary>
    /// A picture of the round-trip times of one or several measurements, as an SVG file holds it. One without replies is
    /// only named.
    /// </summary>
    /// <exception cref="ArgumentNullException"><paramref name="results"/> is null.</exception>
    /// <exception cref="ArgumentException">There is no result, or one of them is null.</exception>
    public static string Svg(IReadOnlyList<EchoStatistics> results)
    {
        if (results is null)
            throw new ArgumentNullException(nameof(results));
        if (results.Count == 0 || results.Any(r => r is null))
            throw new ArgumentException("At least one result is needed, and none may be null.", nameof(results));

        var curves = LatencyCurve.From(results);
        using var file = new MemoryStream();
        using (var svg = XmlWriter.Create(file, Settings))
            Draw(svg, curves);
        return Encoding.ASCII.GetString(file.ToArray());
    }

    private static void Draw(XmlWriter svg, IReadOnlyList<LatencyCurve> curves)
    {
        var drawn = curves.Where(c => c.Points.Count > 0).ToList();
        var nines = drawn.Select(c => c.Points[c.Points.Count - 1].Nines).Append(1).Max();
        var times = drawn.Count == 0
            ? new TimeAxis(1e6, 1e6)
            : new TimeAxis(drawn.Min(c => c.Points[0].Time), drawn.Max(c => c.Points[c.Points.Count - 1].Time));
        var height = LegendTop + (curves.Count * RowHeight) + 28;

        Start(svg, "svg", ("width", Width), ("height", height), ("viewBox", FormattableString.Invariant($"0 0 {Width} {height}")),
            ("role", "img"), ("font-family", "system-ui, sans-serif"), ("font-size", 12), ("fill", TextColour));
        svg.WriteElementString("title", Namespace, Title);
        Element(svg, "rect", ("width", Width), ("height", height), ("fill", "#ffffff"));
        Text(svg, Title, Left, 32, ("font-size", 18), ("font-weight", 600));
        DrawPercentileAxis(svg, nines);
        DrawTimeAxis(svg, times);
        Element(svg, "path", ("d", FormattableString.Invariant($"M{Left},{Top}V{Bottom}H{Right}")), ("fill", "none"), ("stroke", AxisColour));
        for (var i = 0; i < curves.Count; i++)
        {
            if (curves[i].Points.Count > 0)
                DrawLine(svg, i, [.. curves[i].Points.Select(p => (X(p.Nines, nines), Y(p.Time, times)))]);
        }

        DrawLegend(svg, curves);
        svg.WriteEndElement();
    }

    private static double X(double nines, double end) => Left + (nines / end * (Right - Left));

    private static double Y(double time, TimeAxis times) => Bottom - (times.Position(time) * (Bottom - Top));

    private static void DrawPercentileAxis(XmlWriter svg, double end)
    {
        var ticks = new List<(double Nines, string Label)> { (0, "0 %"), (Math.Log10(2), "50 %"), (1, "90 %"), (2, "99 %") };
        for (var nines = 3; nines <= end; nines++)
            ticks.Add((nines, "99." + new string('9', nines - 2) + " %"));

        var taken = 0.0;
        foreach (var (nines, label) in ticks.Where(t => t.Nines <= end))
        {
            var x = X(nines, end);
            Start(svg, "g", Translated(x, Bottom));
            Element(svg, "line", ("y2", Top - Bottom), ("stroke", GridColour));

            // A label has to keep clear of the one before it, by a letter.
            var half = (label.Length + 1) * LetterWidth / 2.0;
            if (x - half >= taken)
            {
                Text(svg, label, 0, 22, ("text-anchor", "middle"));
                taken = x + half;
            }

            svg.WriteEndElement();
        }

        Text(svg, "Percentile", (Left + Right) / 2, Bottom + 46, ("text-anchor", "middle"), ("fill", PaleTextColour));
    }

    private static void DrawTimeAxis(XmlWriter svg, TimeAxis times)
    {
        foreach (var (time, label) in times.Ticks)
        {
            Start(svg, "g", Translated(Left, Y(time, times)));
            Element(svg, "line", ("x2", Right - Left), ("stroke", GridColour));
            Text(svg, label, -8, 4, ("text-anchor", "end"));
            svg.WriteEndElement();
        }

        Start(svg, "g", Translated(20, (Top + Bottom) / 2));
        Text(svg, times.IsLogarithmic ? "Round-trip time (logarithmic)" : "Round-trip time", 0, 0,
            ("transform", "rotate(-90)"), ("text-anchor", "middle"), ("fill", PaleTextColour));
        svg.WriteEndElement();
    }

    // A row each: a piece of the line, the target, and its times in columns.
    private static void DrawLegend(XmlWriter svg, IReadOnlyList<LatencyCurve> curves)
    {
        DrawRow(svg, LegendTop, "Target", "p50", "p99", "max", PaleTextColour);
        Element(svg, "line", ("x1", Left), ("y1", LegendTop + 7), ("x2", Right), ("y2", LegendTop + 7), ("stroke", GridColour));
        for (var i = 0; i < curves.Count; i++)
        {
            var curve = curves[i];
            var y = LegendTop + 4 + ((i + 1) * RowHeight);
            if (curve.Points.Count == 0)
            {
                DrawRow(svg, y, curve.Label, "", "", "no reply", PaleTextColour);
                continue;
            }

            var longest = curve.Points[curve.Points.Count - 1].Time;
            Element(svg, "line", [("x1", Left), ("y1", y - 4), ("x2", Left + 30), ("y2", y - 4), .. Stroke(i)]);
            DrawRow(svg, y, curve.Label, TimeAxis.Text(curve.P50), TimeAxis.Text(curve.P99), TimeAxis.Text(longest), TextColour);
        }
    }

    private static void DrawRow(XmlWriter svg, int y, string target, string p50, string p99, string longest, string colour)
    {
        Text(svg, target, Left + 40, y, ("fill", colour));
        foreach (var (text, x) in new[] { (p50, P50Column), (p99, P99Column), (longest, Right) }.Where(t => t.Item1.Length > 0))
            Text(svg, text, x, y, ("text-anchor", "end"), ("fill", colour));
    }

    // With a dot where it ends, at the longest time, for other lines may run over that.
    private static void DrawLine(XmlWriter svg, int number, IReadOnlyList<(double X, double Y)> points)
    {
        var path = string.Join(" ", points.Select(p => Number(p.X) + "," + Number(p.Y)));
        Element(svg, "polyline", [("points", path), ("fill", "none"), ("stroke-linejoin", "round"), .. Stroke(number)]);
        var (x, y) = points[points.Count - 1];
        Element(svg, "circle", ("cx", Number(x)), ("cy", Number(y)), ("r", 3), ("fill", Colour(number)));
    }

    // All colours first, then all of them dashed in one way after another.
    private static (string Name, object Value)[] Stroke(int number) =>
    [
        ("stroke", Colour(number)), ("stroke-width", 2),
        ("stroke-dasharray", Dashes[number / Colours.Length % Dashes.Length]),
    ];

    private static string Colour(int number) => Colours[number % Colours.Length];

    private static (string Name, object Value) Translated(double x, double y) => ("transform", $"translate({Number(x)},{Number(y)})");

    private static void Text(XmlWriter svg, string text, int x, int y, params (string Name, object Value)[] attributes)
    {
        Start(svg, "text", [("x", x), ("y", y), .. attributes]);
        svg.WriteString(text);
        svg.WriteEndElement();
    }

    private static void Element(XmlWriter svg, string name, params (string Name, object Value)[] attributes)
    {
        Start(svg, name, attributes);
        svg.WriteEndElement();
    }

    private static void Start(XmlWriter svg, string name, params (string Name, object Value)[] attributes)
    {
        svg.WriteStartElement(name, Namespace);
        foreach (var (attribute, value) in attributes)
            svg.WriteAttributeString(attribute, Convert.ToString(value, CultureInfo.InvariantCulture));
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
