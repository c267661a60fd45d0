using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Text;

namespace EchoSocket;

/// <summary>
/// Shows an <see cref="EchoStatistics"/> to a person; the view uses it. It reads properties by name, since a result that
/// came through remoting is an object of another type. All members are thread-safe.
/// </summary>
public static class StatisticsText
{
    private const int LabelWidth = 12;
    private const int MinWidth = 50;
    private const int MaxWidth = 79; // longer lines are hard to read

    /// <summary>The figures and the histogram, one string a line, for a screen of 80 columns.</summary>
    public static string[] Lines(PSObject result) => Lines(result, SupportsUnicode());

    /// <summary>The same, with Unicode characters or in ASCII.</summary>
    public static string[] Lines(PSObject result, bool unicode) => Lines(result, unicode, MaxWidth);

    /// <summary>The same, for the screen of a host.</summary>
    public static string[] Lines(PSObject result, PSHost host) =>
        Lines(result, SupportsUnicode(), Math.Max(MinWidth, Math.Min(TerminalText.Columns(host) - 1, MaxWidth)));

    /// <summary>A time with three digits and the unit that fits.</summary>
    public static string Time(TimeSpan? time) => Duration(Milliseconds.From(time));

    /// <summary>The same for a time of a result.</summary>
    public static string Duration(double? milliseconds) => Duration(milliseconds, SupportsUnicode());

    internal static string Duration(double? milliseconds, bool unicode)
    {
        if (milliseconds / 1000 is not { } seconds)
            return "-";

        // From each limit on, three digits would round up to the next unit: 999.5 µs reads 1.00 ms.
        var (size, unit) = seconds < 999.5e-6 ? (1e-6, unicode ? "µs" : "us")
            : seconds < 999.5e-3 ? (1e-3, "ms")
            : seconds < 59.95 ? (1, "s")
            : seconds < 59.95 * 60 ? (60, "min")
            : (3600, "h");
        var value = seconds / size;
        return $"{ToThreeDigits(value)} {unit}";
    }

    /// <summary>A number, or if that is wider than its column, three digits of it and a unit.</summary>
    public static string Count(long count, int width)
    {
        var text = count.ToString(CultureInfo.CurrentCulture);
        return text.Length <= width ? text : ThreeDigits(count);
    }

    /// <summary>A number of messages per second, in seven characters.</summary>
    public static string Rate(double rate) => rate < 100 ? $"{rate:N1}" : rate < 999_999.5 ? $"{rate:N0}" : ThreeDigits(rate);

    internal static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    internal static string Bytes(long count) => $"{Number(count)} byte{(count == 1 ? "" : "s")}";

    internal static string Connections(long count) => $"{count:N0} connection{(count == 1 ? "" : "s")}";

    private static string ThreeDigits(double value)
    {
        var thousands = 0;
        for (; value >= 999.5; value /= 1000)
            thousands++;
        return ToThreeDigits(value) + " kMGTPE"[thousands];
    }

    private static string ToThreeDigits(double value) =>
        value.ToString(value < 9.995 ? "0.00" : value < 99.95 ? "0.0" : "0", CultureInfo.CurrentCulture);

    private static string[] Lines(PSObject result, bool unicode, int width)
    {
        if (result is null)
            throw new ArgumentNullException(nameof(result));

        var lines = new List<string>();
        string Named(string label, string time) => $"{label} {Duration(Get<double?>(result, $"{time}Milliseconds"), unicode)}";
        void Add(string label, string text)
        {
            foreach (var line in TerminalText.Lines(text, width - LabelWidth))
            {
                lines.Add(label.PadRight(LabelWidth) + line);
                label = "";
            }
        }

        var received = Get<long>(result, "Received");
        Add("Target", $"{TerminalText.Escape(Get<string>(result, "ComputerName"))}, port {Get<int>(result, "Port")}");
        Add("Load", Load(result));
        if (Get<string>(result, "TlsProtocol") is { Length: > 0 } protocol)
            Add("TLS", string.Join(", ", new[] { protocol, Get<string>(result, "TlsCipherSuite"), Named("handshake", "Tls") }.Where(t => t.Length > 0)));
        Add("Messages", Messages(result, unicode));
        var isUdp = result.Properties["Late"] is not null;
        if (isUdp && Get<long>(result, "Sent") > 0)
        {
            Add("", $"{Share(result, "Late")}, {Share(result, "Duplicated")}, {Share(result, "Reordered")}");
            if (Get<long>(result, "LongestLossRun") is > 1 and var run)
                Add("", $"longest run of losses {run:N0}");
        }

        if (Get<IDictionary>(result, "Errors") is { Count: > 0 } errors)
            Add(isUdp ? "Errors" : "Failed", $"{(isUdp ? "" : $"{Connections(Get<long>(result, "FailedConnections"))}: ")}{TerminalText.Escape(ErrorCounts.Join(errors))}");
        if (received > 0)
        {
            Add("Throughput", $"{Get<double>(result, "MessagesPerSecond"):N0} messages/s, {Bytes(Get<double>(result, "BytesPerSecond"))}/s");
            Add(isUdp ? "Jitter" : "Connect", Duration(Get<double?>(result, isUdp ? "JitterMilliseconds" : "ConnectMilliseconds"), unicode));
            Add("Round trip", string.Join("   ", Named("min", "Minimum"), Named("mean", "Mean"), Named("max", "Maximum"), Named("std dev", "StandardDeviation")));
            Add("", string.Join("   ", Named("p50", "P50"), Named("p90", "P90"), Named("p99", "P99"), Named("p99.9", "P999")));
        }

        if (Get<string>(result, "Detail") is { Length: > 0 } detail)
            Add("Detail", TerminalText.EscapeControls(detail));
        if (received == 0)
            return [.. lines];

        var buckets = Get<double[]>(result, "HistogramFromMicroseconds").Zip(Get<long[]>(result, "HistogramCounts"), (from, count) => (from, count));
        return [.. lines, "", .. HistogramChart.Lines([.. buckets], unicode, width)];
    }

    private static string Load(PSObject result)
    {
        var connections = Get<int>(result, "Connections");
        var isUdp = result.Properties["Late"] is not null;
        if (connections == 0)
            return $"none: no {(isUdp ? "socket" : "connection")}";

        // An open loop over UDP has no limit of its own.
        var rate = Get<double?>(result, "Rate");
        var pace = rate is null ? "closed loop" : $"open loop at {rate:#,0.###}/s";
        var hasLimit = !isUdp || rate is null || Get<int>(result, "InFlight") < EchoMeterOptions.MaxInFlight;
        var inFlight = hasLimit && Get<int>(result, "InFlight") is > 1 and var n ? $"{n:N0} in flight on each, " : "";
        var sockets = isUdp ? $"UDP, {connections:N0} socket{(connections == 1 ? "" : "s")}" : Connections(connections);
        return $"{sockets}, {inFlight}{Get<int>(result, "MessageSize"):N0}-byte messages, " +
            $"{pace}{(isUdp && Get<bool>(result, "DontFragment") ? ", no fragments" : "")}{(Get<bool>(result, "Spin") ? ", spinning" : "")}";
    }

    private static string Messages(PSObject result, bool unicode)
    {
        var (sent, lost) = (Get<long>(result, "Sent"), Get<long>(result, "Lost"));
        if (sent == 0)
            return "none sent";

        var duration = Get<double>(result, "DurationMilliseconds") is > 0 and var time ? $" in {Duration(time, unicode)}" : "";
        return $"{sent:N0} sent, {Get<long>(result, "Received"):N0} received, {lost:N0} lost{Share(lost, sent)}{duration}";
    }

    // What is counted, in small letters, with its share of what was sent.
    private static string Share(PSObject result, string name)
    {
        var count = Get<long>(result, name);
        return $"{count:N0} {char.ToLowerInvariant(name[0])}{name.Substring(1)}{Share(count, Get<long>(result, "Sent"))}";
    }

    private static string Share(long count, long sent) =>
        count == 0 ? "" : count < 0.0005 * sent ? $" (less than {0.001:P1})" : $" ({(double)count / sent:P1})";

    private static string Bytes(double count) =>
        count >= 1e9 ? $"{count / 1e9:0.00} GB" : count >= 1e6 ? $"{count / 1e6:0.0} MB" : count >= 1e3 ? $"{count / 1e3:0.0} kB" : $"{count:0} B";

    private static T Get<T>(PSObject from, string property) =>
        (T)LanguagePrimitives.ConvertTo(from.Properties[property]?.Value, typeof(T), CultureInfo.InvariantCulture);

    // A console shows a question mark for each character that its encoding does not have.
    internal static bool SupportsUnicode(string characters = HistogramChart.Blocks + "µ")
    {
        try
        {
            Encoding.GetEncoding(Console.OutputEncoding.CodePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
                .GetByteCount(characters);
            return true;
        }
        catch (Exception e) when (e is EncoderFallbackException or System.IO.IOException or NotSupportedException or ArgumentException)
        {
            return false;
        }
    }
}
