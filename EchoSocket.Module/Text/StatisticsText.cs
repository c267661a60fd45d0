using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Text;

namespace EchoSocket;

/// <summary>
/// An <see cref="EchoStatistics"/> as a person wants to see it, for the view. It reads properties by name, since a result
/// that came through remoting is an object of another type.
/// </summary>
public static class StatisticsText
{
    private const int Width = 79;
    private const int LabelWidth = 12;

    /// <summary>The figures and the histogram, a line each.</summary>
    public static string[] Lines(PSObject result) => Lines(result, HasSigns());

    /// <summary>The same, with the signs of Unicode or those of ASCII only.</summary>
    public static string[] Lines(PSObject result, bool unicode)
    {
        if (result is null)
            throw new ArgumentNullException(nameof(result));

        var lines = new List<string>();
        void Add(string label, string text) => lines.AddRange(Wrapped(label, text));
        string Named(string label, string property) => $"{label} {Time(Get<TimeSpan?>(result, property), unicode)}";

        var received = Get<long>(result, "Received");
        Add("Target", $"{Get<string>(result, "ComputerName")}, port {Get<int>(result, "Port")}");
        Add("Load", Load(result));
        Add("Messages", Messages(result, unicode));
        if (received > 0)
        {
            Add("Throughput", $"{Get<double>(result, "MessagesPerSecond"):N0} messages/s, {Bytes(Get<double>(result, "BytesPerSecond"))}/s");
            Add("Connect", Time(Get<TimeSpan?>(result, "ConnectTime"), unicode));
            Add("Round trip", string.Join("   ", Named("min", "Minimum"), Named("mean", "Mean"), Named("max", "Maximum"), Named("std dev", "StandardDeviation")));
            Add("", string.Join("   ", Named("p50", "P50"), Named("p90", "P90"), Named("p99", "P99"), Named("p99.9", "P999")));
        }

        if (Get<IDictionary>(result, "Errors") is { Count: > 0 } errors)
            Add("Errors", string.Join(", ", errors.Keys.Cast<object>().Select(kind => $"{kind} {errors[kind]:N0}").OrderBy(e => e, StringComparer.Ordinal)));
        if (Get<string>(result, "Detail") is { Length: > 0 } detail)
            Add("Detail", detail);
        if (received == 0)
            return [.. lines];

        var buckets = (Get<IEnumerable>(result, "Histogram") ?? Array.Empty<object>()).Cast<object>().Select(PSObject.AsPSObject)
            .Select(bucket => (From: Get<double>(bucket, "FromMicroseconds"), Count: Get<long>(bucket, "Count")));
        return [.. lines, "", .. HistogramChart.Lines([.. buckets], unicode)];
    }

    /// <summary>A time with three digits and the unit that fits.</summary>
    public static string Time(TimeSpan? time) => Time(time, HasSigns());

    internal static string Time(TimeSpan? time, bool unicode)
    {
        if (time is not { } t)
            return "-";

        var (value, unit) = t.Ticks < TimeSpan.TicksPerMillisecond ? (t.Ticks / 10.0, unicode ? "µs" : "us")
            : t.Ticks < TimeSpan.TicksPerSecond ? (t.TotalMilliseconds, "ms")
            : (t.TotalSeconds, "s");
        return $"{value.ToString(value < 9.995 ? "0.00" : value < 99.95 ? "0.0" : "0", CultureInfo.CurrentCulture)} {unit}";
    }

    private static string Load(PSObject result)
    {
        var connections = Get<int>(result, "Connections");
        if (connections == 0)
            return "none: no connection";

        var inFlight = Get<int>(result, "InFlight") is > 1 and var n ? $"{n:N0} in flight on each, " : "";
        var pace = Get<double?>(result, "Rate") is { } rate ? $"open loop at {rate:#,0.###}/s" : "closed loop";
        return $"{connections:N0} connection{(connections == 1 ? "" : "s")}, {inFlight}{Get<int>(result, "MessageSize"):N0}-byte messages, " +
            $"{pace}{(Get<bool>(result, "Spin") ? ", spinning" : "")}";
    }

    private static string Messages(PSObject result, bool unicode)
    {
        var (sent, lost) = (Get<long>(result, "Sent"), Get<long>(result, "Lost"));
        var share = lost == 0 ? "" : lost < 0.0005 * sent ? $" (less than {0.001:P1})" : $" ({(double)lost / sent:P1})";
        var duration = Get<TimeSpan>(result, "Duration") is { Ticks: > 0 } time ? $" in {Time(time, unicode)}" : "";
        return $"{sent:N0} sent, {Get<long>(result, "Received"):N0} received, {lost:N0} lost{share}{duration}";
    }

    // At words, and behind the label's column.
    private static IEnumerable<string> Wrapped(string label, string text)
    {
        var line = label.PadRight(LabelWidth - 1);
        foreach (var word in text.Split(' '))
        {
            if (line.Length > LabelWidth && line.Length + 1 + word.Length > Width)
            {
                yield return line.TrimEnd();
                line = "".PadRight(LabelWidth - 1);
            }

            line += " " + word;
        }

        yield return line;
    }

    private static string Bytes(double count) =>
        count >= 1e9 ? $"{count / 1e9:0.00} GB" : count >= 1e6 ? $"{count / 1e6:0.0} MB" : count >= 1e3 ? $"{count / 1e3:0.0} kB" : $"{count:0} B";

    private static T Get<T>(PSObject from, string property) =>
        (T)LanguagePrimitives.ConvertTo(from.Properties[property]?.Value, typeof(T), CultureInfo.InvariantCulture);

    // What the console's encoding has no sign for, it shows as a question mark.
    private static bool HasSigns()
    {
        try
        {
            Encoding.GetEncoding(Console.OutputEncoding.CodePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
                .GetByteCount(HistogramChart.Signs + "µ");
            return true;
        }
        catch (Exception e) when (e is EncoderFallbackException or System.IO.IOException or NotSupportedException or ArgumentException)
        {
            return false;
        }
    }
}
