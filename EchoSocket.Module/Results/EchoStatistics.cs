using System;
using System.Linq;

namespace EchoSocket;

/// <summary>What a measurement found. Round-trip times are null if there was no reply.</summary>
public class EchoStatistics(MeterResult result) : TlsResult(result.Tls, result.TlsTime)
{
    /// <summary>When the measurement began, in UTC.</summary>
    public DateTime Time => result.StartTime;

    public string ComputerName => result.ComputerName;

    public int Port => result.Port;

    public string RemoteEndPoint => result.RemoteEndPoint;

    /// <summary>How many connections were opened.</summary>
    public int Connections => result.Connections;

    /// <summary>How many could not be opened, or failed later.</summary>
    public virtual long FailedConnections => Errors.Values.Sum();

    public int InFlight => result.InFlight;

    public int MessageSize => result.MessageSize;

    public double? Rate => result.Rate;

    public bool Spin => result.Spin;

    public double DurationMilliseconds => Milliseconds.From(result.Duration);

    public long Sent => result.Sent;

    public long Received => result.Received;

    public long Lost => result.Lost;

    public ErrorCounts Errors { get; } = new(result.Errors);

    public string Detail => result.Detail;

    public double? ConnectMilliseconds => Milliseconds.From(result.ConnectTime);

    public double? MinimumMilliseconds => Milliseconds.From(result.Minimum);

    public double? MeanMilliseconds => Milliseconds.From(result.Mean);

    public double? StandardDeviationMilliseconds => Milliseconds.From(result.StandardDeviation);

    public double? P50Milliseconds => Milliseconds.From(result.P50);

    public double? P90Milliseconds => Milliseconds.From(result.P90);

    public double? P99Milliseconds => Milliseconds.From(result.P99);

    public double? P999Milliseconds => Milliseconds.From(result.P999);

    public double? MaximumMilliseconds => Milliseconds.From(result.Maximum);

    public double MessagesPerSecond => result.MessagesPerSecond;

    public double BytesPerSecond => result.BytesPerSecond;

    /// <summary>The histogram, without the empty buckets: the inclusive lower bounds.</summary>
    public ResultList HistogramFromMicroseconds { get; } = new(result.Histogram.Select(b => b.FromMicroseconds));

    /// <summary>The exclusive upper bounds.</summary>
    public ResultList HistogramToMicroseconds { get; } = new(result.Histogram.Select(b => b.ToMicroseconds));

    /// <summary>The number of round trips in each bucket.</summary>
    public ResultList HistogramCounts { get; } = new(result.Histogram.Select(b => b.Count));

    public string HdrHistogram => result.HdrHistogram;
}
