using System;

namespace EchoSocket.Measuring;

/// <summary>Fills in what all measurements have in their results.</summary>
internal static class Summary
{
    /// <summary>Sets the load, the times and the failures.</summary>
    public static void Fill(MeterResult result, EchoMeterOptions options, TimeSpan duration, LatencyHistogram latencies, FailureTally failures)
    {
        var received = latencies.Count;
        var seconds = duration.TotalSeconds;
        result.ComputerName = options.Host;
        result.Port = options.Port;
        result.InFlight = options.InFlight;
        result.MessageSize = options.MessageSize;
        result.Rate = options.Rate;
        result.Spin = options.Spin;
        result.Duration = duration;
        result.Received = received;
        result.Errors = failures.Counts();
        result.Minimum = latencies.Minimum;
        result.Mean = latencies.Mean;
        result.StandardDeviation = latencies.StandardDeviation;
        result.P50 = latencies.Percentile(50);
        result.P90 = latencies.Percentile(90);
        result.P99 = latencies.Percentile(99);
        result.P999 = latencies.Percentile(99.9);
        result.Maximum = latencies.Maximum;
        result.MessagesPerSecond = seconds > 0 ? received / seconds : 0;
        result.BytesPerSecond = seconds > 0 ? received * (double)options.MessageSize / seconds : 0;
        result.Histogram = latencies.Buckets();
        result.HdrHistogram = latencies.Encode();
    }
}
