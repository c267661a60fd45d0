using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace EchoSocket;

/// <summary>Shows what a watch has found to a person. Thread-safe.</summary>
public static class WatchText
{
    private const string Indent = "  ";

    /// <summary>The summary of a target, as lines.</summary>
    internal static IEnumerable<string> Lines(EchoWatchSummary summary, int width)
    {
        var target = Target(summary.ComputerName, summary.Port, summary.Udp) + ": ";
        if (summary.Probes == 0)
            return [target + "no probe has ended"];

        var facts = $"{target}{Count(summary.Probes, "probe")} in {StatisticsText.Duration(summary.DurationMilliseconds)}, " +
            $"{summary.Lost.ToString("N0", CultureInfo.CurrentCulture)} lost ({Percent(summary.LostPercent)}), {Count(summary.Outages, "outage")}" +
            $"{(summary.Outages > 0 ? $", longest {StatisticsText.Duration(summary.LongestOutageMilliseconds)}" : "")}, availability {Percent(summary.AvailabilityPercent)}";
        var open = summary.OutageSince is { } since
            ? string.Format(CultureInfo.InvariantCulture, "in an outage since {0:u}: {1}", since, Escaping.EscapeControls(summary.OutageReason)) : "";
        var times = summary.MeanMilliseconds is null ? "" : string.Join("  ", new[]
        {
            Named("min", summary.MinimumMilliseconds), Named("mean", summary.MeanMilliseconds), Named("p50", summary.P50Milliseconds),
            Named("p99", summary.P99Milliseconds), Named("max", summary.MaximumMilliseconds), Named("jitter", summary.JitterMilliseconds),
        });
        return TerminalText.Lines(facts, width - Indent.Length).Concat(new[] { open, times }.Where(t => t.Length > 0).SelectMany(t => TerminalText.Lines(t, width - Indent.Length)))
            .Select((line, i) => i == 0 ? line : Indent + line);
    }

    /// <summary>The name of a target.</summary>
    internal static string Target(string computer, int port, bool udp) => $"{TerminalText.Escape(computer)}, port {port}{(udp ? " over UDP" : "")}";

    /// <summary>A number of things: 1 probe, 2 probes.</summary>
    internal static string Count(long count, string thing) => $"{count.ToString("N0", CultureInfo.CurrentCulture)} {thing}{(count == 1 ? "" : "s")}";

    /// <summary>
    /// A share in percent, to a digit that tells it from 0 and from 100: 99.98 % of a day is not 100 %.
    /// </summary>
    public static string Percent(double? percent)
    {
        if (percent is not { } share)
            return "-";

        var format = share is > 0 and < 0.05 or > 99.95 and < 100 ? "0.0###" : "0.0";
        var text = share.ToString(format, CultureInfo.CurrentCulture);
        return share < 100 && text == 100.0.ToString("0.0", CultureInfo.CurrentCulture) ? $"more than {99.9999.ToString(CultureInfo.CurrentCulture)} %" : $"{text} %";
    }

    private static string Named(string label, double? milliseconds) => $"{label} {StatisticsText.Duration(milliseconds)}";
}
