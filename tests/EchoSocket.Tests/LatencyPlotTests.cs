using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Xml.Linq;
using EchoSocket.Measuring;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Compares the lines of a picture with its own axes: with the places where the labels of values are.</summary>
public class LatencyPlotTests
{
    private const double HalfPixel = 0.5;
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void A_plot_is_a_complete_picture_with_a_line_for_each_result()
    {
        var picture = Draw(Result("a", (500, 1)), Result("b", (500, 2)), Result("c", (500, 3)));

        Assert.Equal(Svg + "svg", picture.Name);
        Assert.Equal("img", (string?)picture.Attribute("role"));
        Assert.Equal($"0 0 {picture.Attribute("width")!.Value} {picture.Attribute("height")!.Value}", (string?)picture.Attribute("viewBox"));
        Assert.Equal("Round-trip time by percentile", picture.Element(Svg + "title")!.Value);
        Assert.Equal("#ffffff", (string?)picture.Element(Svg + "rect")!.Attribute("fill"));
        Assert.Equal(3, Lines(picture).Count);
        Assert.All(Lines(picture), points => Assert.InRange(points.Count, 190, 230));
        Assert.Equal(3, picture.Elements(Svg + "polyline").Select(l => l.Attribute("stroke")!.Value).Distinct().Count());
        Assert.DoesNotContain(picture.DescendantsAndSelf().Attributes(), a => a.Name.LocalName is "href" or "style" || a.Value.Contains("url("));
        Shows(picture, "Round-trip time by percentile", "Percentile", "Round-trip time", "a:7", "b:7", "c:7");
    }

    [Theory]
    [InlineData(0.0002, "200 ns")]
    [InlineData(0.02, "20 µs")]
    [InlineData(1, "1 ms")]
    [InlineData(0.6, "0.6 ms", 1.1)]
    [InlineData(400, "0.4 s", 1000.0)]
    [InlineData(0.002, "2 µs", 0.3)]
    [InlineData(0.05, "50 µs", 20.0)]
    [InlineData(0.1, "100 µs", 5000.0)]
    [InlineData(1000, "1 s", 0.05)]
    public void A_time_is_drawn_at_the_height_of_its_label(double milliseconds, string label, double? other = null)
    {
        var picture = Draw(Result("a", (300, milliseconds)), Result("b", (300, other ?? milliseconds)));

        var height = Tick(picture, label).Y;
        Assert.All(Lines(picture)[0], p => Assert.Equal(height, p.Y, HalfPixel));
    }

    [Theory]
    [InlineData(50, "50 %")]
    [InlineData(90, "90 %")]
    [InlineData(99, "99 %")]
    [InlineData(99.9, "99.9 %")]
    public void A_line_rises_at_the_percentile_above_which_round_trips_took_longer(double percentile, string label)
    {
        const int Count = 100_000;
        var fast = (int)Math.Round(Count * percentile / 100);
        var picture = Draw(Result("a", (fast, 1), (Count - fast, 4)));

        var line = Lines(picture).Single();
        var rise = Tick(picture, label).X;
        var (before, after) = (Tick(picture, "1 ms").Y, Tick(picture, "4 ms").Y);
        var spacing = line[1].X - line[0].X;
        Assert.All(line.Where(p => p.X < rise + 0.01), p => Assert.Equal(before, p.Y, HalfPixel));
        Assert.All(line.Where(p => p.X > rise + spacing), p => Assert.Equal(after, p.Y, HalfPixel));
        Assert.InRange(spacing, 0.1, 5);
    }

    [Fact]
    public void Lines_run_from_the_shortest_time_to_the_longest_and_further_right_for_more_round_trips()
    {
        var picture = Draw(Result("many", (1, 1), (4998, 2), (1, 3)), Result("few", (49, 2), (1, 4)));

        var (many, few) = (Lines(picture)[0], Lines(picture)[1]);
        Assert.Equal((Tick(picture, "0 %").X, Tick(picture, "1 ms").Y), (many[0].X, many[0].Y), Near);
        Assert.Equal((Tick(picture, "99.99 %").X, Tick(picture, "3 ms").Y), (many[^1].X, many[^1].Y), Near);
        Assert.Equal((Tick(picture, "99 %").X, Tick(picture, "4 ms").Y), (few[^1].X, few[^1].Y), Near);
        Assert.Equal([many[^1], few[^1]], picture.Elements(Svg + "circle").Take(2).Select(c => (Number(c, "cx"), Number(c, "cy"))));
        Assert.DoesNotContain("99.999 %", Texts(picture));
    }

    [Fact]
    public void Each_further_nine_of_a_percentile_is_as_wide_as_the_one_before()
    {
        var picture = Draw(Result("a", (100_000, 1)));

        string[] labels = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"];
        var nines = labels.Select(label => Tick(picture, label).X).ToArray();
        Assert.All(nines.Zip(nines.Skip(1), (left, right) => right - left), width => Assert.Equal(nines[1] - nines[0], width, 0.05));
    }

    [Fact]
    public void The_time_axis_begins_at_zero_unless_times_are_more_than_two_decades_apart()
    {
        var near = Draw(Result("a", (10, 1), (10, 99)));
        var far = Draw(Result("a", (10, 1), (10, 2000)));

        Assert.Equal(Tick(near, "0 %").Y, Tick(near, "0 ms").Y);
        Assert.Equal(Tick(near, "40 ms").Y - Tick(near, "60 ms").Y, Tick(near, "60 ms").Y - Tick(near, "80 ms").Y, 0.05);
        Assert.DoesNotContain("0 ms", Texts(far));
        Assert.Contains("Round-trip time (logarithmic)", Texts(far));
        Assert.Equal(Tick(far, "1 ms").Y - Tick(far, "10 ms").Y, Tick(far, "100 ms").Y - Tick(far, "1 s").Y, 0.05);
        Assert.Equal(Tick(far, "1 ms").Y, Lines(far)[0][0].Y, HalfPixel);
        Assert.Equal(Tick(far, "2 s").Y, Lines(far)[0][^1].Y, HalfPixel);
    }

    [Fact]
    public void Times_from_a_nanosecond_to_half_an_hour_are_drawn_within_the_frame()
    {
        var picture = Draw(Result("a", (1, 0), (100, 1), (1, 1_800_000)));

        var (left, bottom) = Tick(picture, "0 %");
        Assert.All(Lines(picture).Single(), p => Assert.True(p.X >= left && p.Y >= 0 && p.Y <= bottom, $"{p}"));
        Shows(picture, "1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s", "1000 s");
        Assert.DoesNotContain("20 ms", Texts(picture));
    }

    [Fact]
    public void The_legend_has_the_p50_p99_and_maximum_of_a_target()
    {
        var row = Row(Draw(Result("a", (500, 0.0124), (495, 2.5), (5, 1300))), "a:7");

        Assert.Equal(["a:7", "1,000", "0", "0", "12.4 µs", "2.50 ms", "1.30 s"], row);
        Assert.Equal(["Target", "received", "lost", "failed", "p50", "p99", "max"], Row(Draw(Result("a", (1, 1))), "Target"));
    }

    [Fact]
    public void The_legend_of_UDP_has_what_was_late_duplicated_and_reordered()
    {
        var plain = Result("a", (1000, 1));
        UdpMeterResult Udp(double? rate, int inFlight) => new()
        {
            ComputerName = "a", Port = 7, Connections = 2, MessageSize = 200, Rate = rate, InFlight = inFlight, Sent = 1010, Received = 1000, Lost = 8, Late = 2, Duplicated = 5, Reordered = 3,
            LongestLossRun = 4, Jitter = TimeSpan.FromMilliseconds(1.5), HdrHistogram = plain.HdrHistogram, Errors = new() { ["ReplyMismatch"] = 2 },
        };

        var picture = Draw(Udp(50, EchoMeterOptions.MaxInFlight));

        Shows(
            picture, "1,010 messages of 200 bytes, 2 UDP sockets, open loop at 50/s", "2 late, 5 duplicated, 3 reordered, longest run of losses 4, jitter 1.50 ms",
            "2 errors: ReplyMismatch 2");
        Shows(Draw(Udp(null, 20)), "1,010 messages of 200 bytes, 2 UDP sockets, 20 in flight on each, closed loop");
    }

    [Fact]
    public void The_legend_has_the_losses_and_the_failed_connections_of_a_target_and_its_line_ends_in_a_cross()
    {
        var failing = Result("b", (1000, 1));
        failing.Lost = 1234;
        failing.Errors = new() { ["OperationTimeout"] = 1, ["ConnectionReset"] = 2 };

        var picture = Draw(Result("a", (1000, 1)), failing);

        Assert.Equal(["b:7", "1,000", "1,234", "3"], Row(picture, "b:7").Take(4));
        Shows(picture, "3 connections failed: ConnectionReset 2, OperationTimeout 1");
        var colours = picture.Elements(Svg + "polyline").Select(l => l.Attribute("stroke")!.Value).ToArray();
        Assert.Equal([colours[0], colours[0]], picture.Elements(Svg + "circle").Select(c => c.Attribute("fill")!.Value));
        Assert.Equal([colours[1], colours[1]], picture.Elements(Svg + "path").Select(c => c.Attribute("stroke")!.Value).Where(c => c != "#8c8c8c"));
    }

    [Fact]
    public void The_legend_has_the_load_and_the_date_of_a_measurement()
    {
        var closed = Result("a", (1, 1));
        (closed.Sent, closed.MessageSize, closed.Connections, closed.InFlight) = (1000, 32, 1, 1);
        closed.StartTime = new DateTime(2026, 11, 25, 9, 8, 7, DateTimeKind.Utc);
        var open = Result("b", (1, 1));
        (open.Sent, open.MessageSize, open.Connections, open.InFlight, open.Rate, open.Spin) = (2, 1024, 4, 2, 1234.5, true);

        Shows(
            Draw(closed, open, Result("c")),
            "1,000 messages of 32 bytes, 1 connection, closed loop, 2026-11-25 09:08:07 UTC",
            "2 messages of 1,024 bytes, 4 connections, 2 in flight on each, open loop at 1,234.5/s, spinning",
            "no connection");
    }

    [Theory]
    [InlineData("Before & after <the> change", "Before & after <the> change")]
    [InlineData("a\u0001b\uFFFF", "a\uFFFDb\uFFFD")]
    [InlineData("größer", "größer")]
    public void A_plot_has_the_title_that_is_asked_for(string title, string expected)
    {
        var picture = XDocument.Parse(LatencyPlot.Svg([Result("a", (1, 1))], title)).Root!;

        Assert.Equal(expected, picture.Element(Svg + "title")!.Value);
        Shows(picture, expected);
        Assert.DoesNotContain("Round-trip time by percentile", Texts(picture));
    }

    [Fact]
    public void A_long_title_is_shortened_to_the_width_of_the_picture_and_kept_whole_in_its_description()
    {
        var title = new string('a', 10_000);
        var picture = XDocument.Parse(LatencyPlot.Svg([Result("a", (1, 1))], title)).Root!;

        Assert.Equal(title, picture.Element(Svg + "title")!.Value);
        Assert.Contains(Texts(picture), t => t.Length is > 60 and < 80 && t.EndsWith("a…", StringComparison.Ordinal));
    }

    [Fact]
    public void A_plot_reads_distributions_of_any_size()
    {
        // The counts vary, so that the compressed data is longer than the 8 KiB that are decompressed at once.
        var random = new Random(1);
        var result = Result("a", [.. Enumerable.Range(0, 50_001).Select(i => (random.Next(1, 100), 0.001 * Math.Pow(10, 9.0 * i / 50_000)))]);
        Assert.True(Convert.FromBase64String(result.HdrHistogram).Length > 3 * 8192);

        var row = Row(Draw(result), "a:7");

        Assert.Equal(["a:7", "1000 s"], [row[0], row[^1]]);
    }

    [Theory]
    [InlineData("<b>&amp;\"'</b>", "<b>&amp;\"'</b>:7")]
    [InlineData("a\u0001b\0c\nd\u007Fe\uFFFFf", "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\uFFFDf:7")]
    [InlineData("\uD83D\uDE00 größer", "\uD83D\uDE00 größer:7")]
    [InlineData("", ":7")]
    [InlineData(null, ":7")]
    [InlineData("::1", "[::1]:7")]
    public void Any_name_of_a_target_can_be_drawn(string? name, string expected) => Assert.Contains(expected, Texts(Draw(Result(name!, (1, 1)))));

    // Not a row above: attributes are stored as UTF-8, which has no lone surrogates.
    [Fact]
    public void Half_a_surrogate_pair_in_a_name_is_replaced() =>
        Shows(Draw(Result("a\uD83Db\uDE00", (1, 1)), Result("end\uD83D", (1, 1))), "a\uFFFDb\uFFFD:7", "end\uFFFD:7");

    [Theory]
    [InlineData("a")]
    [InlineData("W")]
    [InlineData("統")]
    [InlineData("\uD83D\uDE00")]
    public void A_long_name_is_shortened_to_the_room_in_the_legend(string letter)
    {
        var label = Texts(Draw(Result(string.Concat(Enumerable.Repeat(letter, 70_000)), (1, 1)))).Single(t => t.EndsWith("…:7", StringComparison.Ordinal));

        Assert.StartsWith(string.Concat(Enumerable.Repeat(letter, 10)), label, StringComparison.Ordinal);
        Assert.InRange(label.Length, 20, 43);
        Assert.True(letter == "a" || label.EnumerateRunes().Count() < 24);
        Assert.DoesNotContain('\uFFFD', label);
    }

    [Fact]
    public void Equal_targets_are_numbered_in_the_legend_and_others_are_not()
    {
        var picture = Draw(Result("a", (1, 1)), Result("b", (1, 1)), Result("a", (1, 1)), Result("c\u0001"), Result("c\u0002"));

        Shows(picture, "a:7 (1)", "b:7", "a:7 (2)", "c\uFFFD:7 (1)", "c\uFFFD:7 (2)");
        Assert.DoesNotContain("a:7", Texts(picture));
    }

    [Fact]
    public void A_result_without_a_reply_is_in_the_legend_and_has_no_line()
    {
        var unanswered = Result("b", (5, 1));
        unanswered.Received = 0;
        var picture = Draw(Result("a", (5, 1)), unanswered, Result("c"), new MeterResult { ComputerName = "d", Port = 7, Received = 3 });

        Assert.Single(Lines(picture));
        Assert.All(["b:7", "c:7"], target => Assert.Equal([target, "0", "0", "0", "no reply"], Row(picture, target)));
        Assert.Equal(["d:7", "3", "0", "0"], Row(picture, "d:7"));
        Assert.Equal(7, Row(picture, "a:7").Count);
    }

    [Fact]
    public void A_plot_without_any_reply_has_a_legend_and_no_axes()
    {
        var picture = Draw(Result("a"), Result("b"));

        Assert.Equal(["line", "rect", "text", "title"], picture.Elements().Select(e => e.Name.LocalName).Distinct().Order());
        Assert.DoesNotContain(Texts(picture), t => t.Contains('%', StringComparison.Ordinal) || t.EndsWith(" ms", StringComparison.Ordinal));
        Shows(picture, "Round-trip time by percentile", "a:7", "b:7", "no reply");
        Assert.InRange(picture.Elements(Svg + "text").Max(t => Number(t, "y")), 100, Number(picture, "height") - 5);
    }

    [Fact]
    public void Hundreds_of_results_have_a_legend_row_each_below_the_plot_and_within_the_picture()
    {
        var picture = Draw([.. Enumerable.Range(1, 300).Select(i => Result($"host{i}", (100, i)))]);

        Assert.Equal(300, Lines(picture).Count);
        var rows = picture.Descendants(Svg + "text").Where(t => t.Value.StartsWith("host", StringComparison.Ordinal)).Select(t => Number(t, "y")).ToArray();
        Assert.Equal(300, rows.Distinct().Count());
        Assert.True(rows.Min() > Tick(picture, "0 %").Y + 50);
        Assert.True(rows.Max() < Number(picture, "height"));
    }

    [Fact]
    public void Once_all_colours_are_used_they_repeat_with_other_dashes()
    {
        var picture = Draw([.. Enumerable.Range(1, 28).Select(i => Result("a", (10, i)))]);

        var strokes = picture.Elements(Svg + "polyline").Select(l => (l.Attribute("stroke")!.Value, l.Attribute("stroke-dasharray")!.Value)).ToArray();
        Assert.Equal(28, strokes.Distinct().Count());
        Assert.Equal(7, strokes.Select(s => s.Item1).Distinct().Count());
        Assert.Equal(strokes, picture.Elements(Svg + "line").Skip(1).Select(l => (l.Attribute("stroke")!.Value, l.Attribute("stroke-dasharray")!.Value)));
    }

    [Fact]
    public void A_plot_is_ASCII_and_the_same_in_every_culture()
    {
        var results = new[] { Result("ä", (999, 0.0123), (1, 12.5)), Result("b", (1, 7.3)), Result("c") };
        var expected = LatencyPlot.Svg(results);
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            Assert.Equal("1,5", $"{1.5}");
            Assert.Equal(expected, LatencyPlot.Svg(results));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }

        Assert.All(expected, c => Assert.InRange(c, '\n', '~'));
        Assert.DoesNotContain('\r', expected);
    }

    [Fact]
    public void All_numbers_in_a_plot_are_finite()
    {
        MeterResult[][] pictures =
        [
            [Result("a")], [Result("a", (1, 0))], [Result("a", (1, 1))], [Result("a", (2, 1_800_000))],
            [Result("a", (1, 0)), Result("b", (9, 1_800_000))],
        ];

        Assert.All(pictures, results => Assert.All(Draw(results).DescendantsAndSelf().Attributes(), a =>
            Assert.DoesNotMatch("NaN|Infinity|∞|E[+-]|--", a.Value)));
    }

    [Fact]
    public void A_plot_of_nothing_is_refused()
    {
        Assert.Equal("results", Assert.Throws<ArgumentNullException>(() => LatencyPlot.Svg(null!)).ParamName);
        Assert.Equal("results", Assert.Throws<ArgumentException>(() => LatencyPlot.Svg([])).ParamName);
        Assert.Equal("results", Assert.Throws<ArgumentException>(() => LatencyPlot.Svg([null!])).ParamName);
    }

    /// <summary>A result with so many round trips of so many milliseconds.</summary>
    private static MeterResult Result(string name, params (int Count, double Milliseconds)[] times)
    {
        var histogram = new LatencyHistogram();
        foreach (var (count, milliseconds) in times)
        {
            for (var i = 0; i < count; i++)
                histogram.Record((long)Math.Round(milliseconds * Stopwatch.Frequency / 1000));
        }

        return new() { ComputerName = name, Port = 7, Received = histogram.Count, HdrHistogram = histogram.Encode() };
    }

    private static XElement Draw(params MeterResult[] results) => XDocument.Parse(LatencyPlot.Svg(results)).Root!;

    private static List<List<(double X, double Y)>> Lines(XElement picture) =>
        [.. picture.Elements(Svg + "polyline").Select(l => l.Attribute("points")!.Value.Split(' ').Select(Point).ToList())];

    /// <summary>Where a label of an axis belongs.</summary>
    private static (double X, double Y) Tick(XElement picture, string label)
    {
        var tick = picture.Elements(Svg + "g").Single(g => g.Element(Svg + "text")?.Value == label && g.Element(Svg + "line") is not null);
        return Point(tick.Attribute("transform")!.Value["translate(".Length..^1]);
    }

    private static void Shows(XElement picture, params string[] expected) => Assert.Empty(expected.Except(Texts(picture)));

    private static HashSet<string> Texts(XElement picture) => [.. picture.Descendants(Svg + "text").Select(t => t.Value)];

    /// <summary>The texts in the line of the legend that names a target.</summary>
    private static List<string> Row(XElement picture, string target)
    {
        var y = Number(picture.Elements(Svg + "text").Single(t => t.Value == target), "y");
        return [.. picture.Elements(Svg + "text").Where(t => Number(t, "y") == y).Select(t => t.Value)];
    }

    private static double Number(XElement element, string attribute) => double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    private static (double X, double Y) Point(string text)
    {
        var numbers = text.Split(',').Select(n => double.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        return (numbers[0], numbers[1]);
    }

    private static bool Near((double X, double Y) a, (double X, double Y) b) => Math.Abs(a.X - b.X) < HalfPixel && Math.Abs(a.Y - b.Y) < HalfPixel;
}
