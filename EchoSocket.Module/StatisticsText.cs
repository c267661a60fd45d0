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
    private static bool? _unicode;

    /// <summary>The figures and the histogram, a line each.</summary>
    public static string[] Lines(PSObject result) => Lines(result, Unicode);

    /// <summary>A time with three digits and the unit that fits.</summary>
    public static string Time(TimeSpan? time) => Time(time, Unicode);

    /// <summary>The same, with the signs of Unicode or those of ASCII only.</summary>
    public static string[] Lines(PSObject result, bool unicode)
    {
        if (result is null)
            throw new ArgumentNullException(nameof(result));

        string Named(string label, string property) => $"{label} {Time(Get<TimeSpan?>(result, property), unicode)}";
        var (sent, lost, received) = (Get<long>(result, "Sent"), Get<long>(result, "Lost"), Get<long>(result, "Received"));
        var lines = new List<string>
        {
            Line("Target", $"{Get<string>(result, "ComputerName")}, port {Get<int>(result, "Port")}"),
            Line("Load", Load(result)),
            Line("Messages", $"{sent:N0} sent, {received:N0} received, {lost:N0} lost" +
                $"{(sent > 0 ? $" ({(double)lost / sent:P1})" : "")} in {Time(Get<TimeSpan>(result, "Duration"), unicode)}"),
            Line("Throughput", $"{Get<double>(result, "MessagesPerSecond"):N0} messages/s, {Bytes(Get<double>(result, "BytesPerSecond"))}/s"),
            Line("Connect", Time(Get<TimeSpan?>(result, "ConnectTime"), unicode)),
        };
        if (received > 0)
        {
            lines.Add(Line("Round trip", string.Join("   ", Named("min", "Minimum"), Named("mean", "Mean"), Named("std dev", "StandardDeviation"))));
            lines.Add(Line("", string.Join("   ", Named("p50", "P50"), Named("p90", "P90"), Named("p99", "P99"), Named("p99.9", "P999"), Named("max", "Maximum"))));
        }

        if (Get<IDictionary>(result, "Errors") is { Count: > 0 } errors)
            lines.Add(Line("Errors", string.Join(", ", errors.Keys.Cast<object>().Select(kind => $"{kind} {errors[kind]:N0}").OrderBy(e => e, StringComparer.Ordinal))));

        var buckets = Get<IEnumerable>(result, "Histogram").Cast<object>().Select(PSObject.AsPSObject)
            .Select(bucket => (From: Get<double>(bucket, "FromMicroseconds"), Count: Get<long>(bucket, "Count")));
        return received > 0 ? [.. lines, "", .. HistogramChart.Lines([.. buckets], unicode)] : [.. lines];
    }

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
        var pace = Get<double?>(result, "Rate") is { } rate ? $"open loop at {rate:#,0.###} messages/s" : "closed loop";
        return $"{connections:N0} connection{(connections == 1 ? "" : "s")}, {Get<int>(result, "InFlight"):N0} in flight on each, " +
            $"{Get<int>(result, "MessageSize"):N0}-byte messages, {pace}{(Get<bool>(result, "Spin") ? ", spinning" : "")}";
    }

    private static string Line(string label, string text) => $"{label,-12}{text}";

    private static string Bytes(double count) =>
        count >= 1e9 ? $"{count / 1e9:0.00} GB" : count >= 1e6 ? $"{count / 1e6:0.0} MB" : count >= 1e3 ? $"{count / 1e3:0.0} kB" : $"{count:0} B";

    private static T Get<T>(PSObject from, string property) =>
        (T)LanguagePrimitives.ConvertTo(from.Properties[property]?.Value, typeof(T), CultureInfo.InvariantCulture);

    // What the console's encoding has no sign for, it shows as a question mark.
    private static bool Unicode => _unicode ??= HasSigns();

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
