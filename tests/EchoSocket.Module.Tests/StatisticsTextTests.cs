using System;
using System.Linq;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>The default view of a measurement, as text.</summary>
public class StatisticsTextTests
{
    private const string Create =
        "[EchoSocket.EchoStatistics][EchoSocket.MeterResult]@{ ComputerName = 'host'; Port = 7; Connections = 2; InFlight = 3; MessageSize = 32; Rate = 500; Spin = $true; "
        + "Duration = [timespan]::FromSeconds(2); Sent = 1001; Received = 1000; Lost = 1; ConnectTime = [timespan]::FromTicks(611); "
        + "Minimum = [timespan]::FromTicks(158); Mean = [timespan]::FromTicks(12345); P50 = [timespan]::FromTicks(999); P90 = [timespan]::FromTicks(12345); "
        + "P99 = [timespan]::FromTicks(123456); P999 = [timespan]::FromTicks(1234567); Maximum = [timespan]::FromTicks(12345678); "
        + "StandardDeviation = [timespan]::FromTicks(5); MessagesPerSecond = 500; BytesPerSecond = 16000; HdrHistogram = 'x'; Detail = 'What happened, in a sentence that is too long for one line of the screen.'; RemoteEndPoint = 'e'; "
        + "Histogram = @([EchoSocket.HistogramBucket]@{ FromMicroseconds = 100; ToMicroseconds = 105.925; Count = 800 }, "
        + "[EchoSocket.HistogramBucket]@{ FromMicroseconds = 133.352; ToMicroseconds = 141.254; Count = 199 }, "
        + "[EchoSocket.HistogramBucket]@{ FromMicroseconds = 1000; ToMicroseconds = 1059.254; Count = 1 }) }";

    private const string AddError = "; $result.Errors.Add('OperationTimeout', 1)";

    private static readonly string[] Times = ["ConnectTime", "Minimum", "Mean", "StandardDeviation", "P50", "P90", "P99", "P999", "Maximum"];

    private static readonly string[] Figures =
    [
        "Target      host, port 7",
        "Load        2 connections, 3 in flight on each, 32-byte messages, open loop at",
        "            500/s, spinning",
        "Messages    1,001 sent, 1,000 received, 1 lost (0.1 %) in 2.00 s",
        "Failed      1 connection: OperationTimeout 1",
        "Throughput  500 messages/s, 16.0 kB/s",
        "Connect     61.1 µs",
        "Round trip  min 15.8 µs   mean 1.23 ms   max 1.23 s   std dev 0.50 µs",
        "            p50 99.9 µs   p90 1.23 ms   p99 12.3 ms   p99.9 123 ms",
        "Detail      What happened, in a sentence that is too long for one line of the",
        "            screen.",
        "",
    ];

    [Fact]
    public void The_view_has_the_figures_and_a_histogram_in_eighths_of_a_character()
    {
        var lines = Lines(Create + AddError, "$true");

        Assert.Equal(Figures, lines.Take(Figures.Length));
        Assert.Equal(
            [
                "   100 µs ████████████████████████████████████████████ 800",
                "   126 µs ███████████                                  199",
                "   158 µs",
            ],
            lines.Skip(Figures.Length).Take(3));
        Assert.Equal("  1.00 ms ▏                                            1", lines[^1]);
        Assert.Equal(Figures.Length + 11, lines.Length); // a row for each tenth of the decade, 0.1 to 1 ms
    }

    [Fact]
    public void A_console_without_these_characters_gets_ASCII()
    {
        var lines = Lines(Create + AddError, "$false");

        Assert.Equal("   100 us ############################################ 800", lines[Figures.Length]);
        Assert.Equal("   126 us ###########                                  199", lines[Figures.Length + 1]);
        Assert.Equal("  1.00 ms #                                            1", lines[^1]);
        Assert.All(string.Join("", lines), c => Assert.True(c < 128));
    }

    [Fact]
    public void Few_and_many_buckets_both_fit_a_screen()
    {
        Assert.Single(Chart(16.8, 16.8));
        Assert.InRange(Chart(16, 16.5).Length, 1, 2);
        foreach (var longest in new[] { 100, 1e3, 1e5, 1e7, 3.6e9 })
            Assert.InRange(Chart(1, longest).Length, 2, 16);

        static string[] Chart(params double[] times)
        {
            var buckets = string.Join(", ", times.Select(t => FormattableString.Invariant($"[EchoSocket.HistogramBucket]@{{ FromMicroseconds = {t}; Count = 1 }}")));
            return [.. Lines($"[EchoSocket.EchoStatistics][EchoSocket.MeterResult]@{{ Sent = 1; Received = 1; Histogram = @({buckets}) }}", "$true").SkipWhile(l => l.Length > 0).Skip(1)];
        }
    }

    [Fact]
    public void The_view_of_a_result_without_a_reply_has_no_round_trip()
    {
        var lines = Lines("[EchoSocket.EchoStatistics][EchoSocket.MeterResult]@{ ComputerName = 'host'; Port = 7; Connections = 1; InFlight = 1; MessageSize = 1; Sent = 2; Lost = 2 }", "$true");

        Assert.Equal(["Target      host, port 7", "Load        1 connection, 1-byte messages, closed loop", "Messages    2 sent, 0 received, 2 lost (100.0 %)"], lines);
    }

    [Fact]
    public void A_server_that_refused_shows_a_failure_and_not_zero_losses()
    {
        var lines = Lines("[EchoSocket.EchoStatistics][EchoSocket.MeterResult]@{ ComputerName = 'host'; Port = 7 }; $result.Errors.Add('ConnectionRefused', 1)", "$true");

        Assert.Equal(["Target      host, port 7", "Load        none: no connection", "Messages    none sent", "Failed      1 connection: ConnectionRefused 1"], lines);
    }

    [Fact]
    public void No_line_is_wider_than_a_screen_and_a_small_loss_is_not_shown_as_none()
    {
        var lines = Lines(
            "[EchoSocket.EchoStatistics][EchoSocket.MeterResult]@{ ComputerName = 'a-long-name-of-a-computer.somewhere.example.com'; Port = 65535; Connections = 10000; InFlight = 10000; "
            + "MessageSize = 1073741824; Rate = 1234567.5; Spin = $true; Sent = 1234567890123; Received = 1234567890122; Lost = 1; "
            + "Histogram = @([EchoSocket.HistogramBucket]@{ FromMicroseconds = 1; Count = 1234567890122 }); "
            + string.Join("; ", Times.Select(p => $"{p} = [timespan]::FromTicks(1234)")) + " }",
            "$true");

        Assert.All(lines, line => Assert.InRange(line.Length, 0, 79));
        Assert.Contains("1 lost (less than 0.1 %)", string.Join(" ", lines.Select(l => l.Trim())), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(55, 19)]
    [InlineData(80, 44)]
    [InlineData(200, 44)]
    public void The_view_fits_a_screen_of_any_width(int width, int longestBar)
    {
        var host = new ScriptedHost { Width = width };
        using var engine = new Engine(host);

        engine.Run($"$result = {Create}{AddError}; $result | Out-Default");

        var lines = host.Text.Split('\n');
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width - 1));
        Assert.Contains($"   100 µs {new string('█', longestBar)} 800", lines);
    }

    [Fact]
    public void The_view_is_the_same_after_remoting_and_the_histogram_is_still_data()
    {
        var host = new ScriptedHost();
        using var engine = new Engine(host);
        engine.Run($"$result = {Create}{AddError}; $result | Out-Default");
        var before = host.Text;
        var after = engine.Run(
            "$after = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($result)); $after | Out-Default; $after").Output.Single();

        Assert.Equal(before + before, host.Text);
        Assert.Contains("Messages    1,001 sent", before, StringComparison.Ordinal);
        Assert.Contains("   100 µs ███", before, StringComparison.Ordinal);
        Assert.Equal("Deserialized.EchoSocket.EchoStatistics", after.TypeNames[0]);
        Assert.Equal("133.352 141.254 199", engine.Run("$b = $after.Histogram[1]; \"$($b.FromMicroseconds) $($b.ToMicroseconds) $($b.Count)\"").Strings.Single());
    }

    private static string[] Lines(string create, string unicode)
    {
        using var engine = new Engine();
        return engine.Run($"$result = {create}; [EchoSocket.StatisticsText]::Lines($result, {unicode})").Strings;
    }
}
