using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Xml.Linq;
using static EchoSocket.Measuring.SvgElements;

namespace EchoSocket.Measuring;

/// <summary>
/// The legend of a picture of round-trip times. Each result has a row: a piece of its line, the target, and its figures in
/// columns; below, the load and the date, and what failed.
/// </summary>
internal sealed class PlotLegend
{
    private const int TargetOffset = 40;
    private const int FirstRow = 24;
    private const int LineHeight = 16;
    private const int RowGap = 8;

    private static readonly (string Name, int Offset)[] Columns =
        [("received", -340), ("lost", -270), ("failed", -210), ("p50", -140), ("p99", -70), ("max", 0)];

    private readonly List<XElement> _elements = [];
    private readonly int _left;
    private readonly int _right;

    public PlotLegend(IReadOnlyList<LatencyCurve> curves, int left, int right, int top)
    {
        (_left, _right) = (left, right);
        AddRow(top, "Target", [.. Columns.Select(c => (c.Name, PaleTextColour))], PaleTextColour);
        _elements.Add(Element("line", ("x1", left), ("y1", top + 7), ("x2", right), ("y2", top + 7), ("stroke", GridColour)));
        Bottom = top + FirstRow;
        for (var i = 0; i < curves.Count; i++)
            Add(i, curves[i]);
    }

    public IReadOnlyList<XElement> Elements => _elements;

    /// <summary>Where the next row would be.</summary>
    public int Bottom { get; private set; }

    private void Add(int number, LatencyCurve curve)
    {
        var (result, y) = (curve.Result, Bottom);
        var failed = result.Errors.Values.Sum();
        var answered = curve.Points.Count > 0;
        if (answered)
        {
            _elements.Add(Element("line", [("x1", _left), ("y1", y - 4), ("x2", _left + 30), ("y2", y - 4), .. Stroke(number)]));
            _elements.Add(End(number, _left + 30, y - 4, curve.HasFailures));
        }

        AddRow(
            y, curve.Label,
            [
                (Count(result.Received), TextColour),
                (Count(result.Lost), result.Lost > 0 ? FailureColour : TextColour),
                (Count(failed), failed > 0 ? FailureColour : TextColour),
                (answered ? TimeAxis.Text(curve.P50) : "", TextColour),
                (answered ? TimeAxis.Text(curve.P99) : "", TextColour),
                answered ? (TimeAxis.Text(curve.Points[curve.Points.Count - 1].Time), TextColour)
                    : (result.Received == 0 ? "no reply" : "", FailureColour),
            ],
            TextColour);
        AddLine(Load(result), PaleTextColour);
        if (result is UdpMeterResult udp)
            AddLine(Order(udp), PaleTextColour);
        if (failed > 0)
            AddLine(Failures(result, failed), FailureColour);
        Bottom += LineHeight + RowGap;
    }

    private void AddLine(string text, string colour)
    {
        Bottom += LineHeight;
        _elements.Add(Text(text, _left + TargetOffset, Bottom, ("fill", colour), ("font-size", 11)));
    }

    private void AddRow(int y, string target, (string Text, string Colour)[] cells, string colour)
    {
        _elements.Add(Text(target, _left + TargetOffset, y, ("fill", colour)));
        for (var i = 0; i < cells.Length; i++)
        {
            if (cells[i].Text.Length > 0)
                _elements.Add(Text(cells[i].Text, _right + Columns[i].Offset, y, ("text-anchor", "end"), ("fill", cells[i].Colour)));
        }
    }

    private static string Load(MeterResult result)
    {
        var parts = new List<string>();
        if (result.Connections == 0)
        {
            parts.Add("no connection");
        }
        else
        {
            parts.Add(Format("{0:N0} messages of {1:N0} bytes", result.Sent, result.MessageSize));
            var link = result is UdpMeterResult ? "UDP socket" : "connection";
            parts.Add(Format(result.Connections == 1 ? "{0:N0} {1}" : "{0:N0} {1}s", result.Connections, link));
            if (result.InFlight > 1 && !(result is UdpMeterResult { Rate: not null } && result.InFlight == EchoMeterOptions.MaxInFlight))
                parts.Add(Format("{0:N0} in flight on each", result.InFlight));
            parts.Add(result.Rate is { } rate ? Format("open loop at {0:#,0.###}/s", rate) : "closed loop");
            if (result.Spin)
                parts.Add("spinning");
        }

        if (result.StartTime != default)
            parts.Add(Format("{0:yyyy-MM-dd HH:mm:ss} UTC", result.StartTime));
        return string.Join(", ", parts);
    }

    private static string Order(UdpMeterResult result) => Format(
        "{0:N0} late, {1:N0} duplicated, {2:N0} reordered, longest run of losses {3:N0}{4}", result.Late, result.Duplicated, result.Reordered,
        result.LongestLossRun, result.Jitter is { } jitter ? $", jitter {TimeAxis.Text(jitter.Ticks * 100.0)}" : "");

    private static string Failures(MeterResult result, long failed) =>
        Format(
            result is UdpMeterResult ? (failed == 1 ? "{0:N0} error: " : "{0:N0} errors: ")
            : failed == 1 ? "{0:N0} connection failed: " : "{0:N0} connections failed: ", failed) +
        string.Join(", ", result.Errors.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => Format("{0} {1:N0}", e.Key, e.Value)));

    private static string Count(long number) => Format("{0:N0}", number);

    private static string Format(string format, params object[] values) => string.Format(CultureInfo.InvariantCulture, format, values);
}
