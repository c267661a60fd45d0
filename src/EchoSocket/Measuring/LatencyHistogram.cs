using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;

namespace EchoSocket.Measuring;

/// <summary>
/// Round-trip times of up to 1 hour, to three significant digits, in the bins of an HdrHistogram of nanoseconds. One thread
/// records. Any thread may read <see cref="Count"/> and <see cref="Percentile"/> meanwhile; the other members are for the
/// recording thread.
/// </summary>
internal sealed class LatencyHistogram
{
    private const long MaxTime = 3_600_000_000_000;
    private const int Digits = 3;

    // Bins are 1 ns wide for the first 2,048; then their width doubles after every 1,024.
    private const int BinsPerDoubling = 1024;
    private static readonly double TickLength = 1e9 / Stopwatch.Frequency;

    private readonly long[] _counts = new long[BinOf(MaxTime) + 1];
    private long _count;
    private long _minimum = long.MaxValue;
    private long _maximum;
    private double _sum;

    public long Count => Volatile.Read(ref _count);

    public TimeSpan? Minimum => Count == 0 ? null : Time(_minimum);

    public TimeSpan? Maximum => Count == 0 ? null : Time(_maximum);

    public TimeSpan? Mean => Count == 0 ? null : Time(_sum / Count);

    public TimeSpan? StandardDeviation
    {
        get
        {
            if (Count == 0)
                return null;

            var mean = _sum / Count;
            return Time(Math.Sqrt(Bins().Sum(b => (b.Middle - mean) * (b.Middle - mean) * b.Count) / Count));
        }
    }

    /// <summary>Reads what <see cref="Encode"/> returned.</summary>
    public static LatencyHistogram Decode(string encoded)
    {
        var histogram = new LatencyHistogram();
        foreach (var (index, count) in HdrFormat.Decode(encoded, Digits, MaxTime))
        {
            var bin = new Bin(index, count);
            histogram.Add(bin.Low, bin.High, bin.Middle, bin.Count);
        }

        return histogram;
    }

    /// <summary>Records a time in stopwatch ticks.</summary>
    public void Record(long ticks)
    {
        var time = Math.Min(Math.Max((long)(ticks * TickLength), 1), MaxTime);
        Add(time, time, time, 1);
    }

    /// <summary>The time that so many percent of the round trips did not exceed; null if there is none.</summary>
    public TimeSpan? Percentile(double percentile)
    {
        var left = Math.Max(Math.Ceiling(Count * percentile / 100 * (1 - 1e-15)), 1);
        foreach (var bin in Bins())
        {
            left -= bin.Count;
            if (left <= 0)
                return Time(Math.Min(bin.High, Volatile.Read(ref _maximum)));
        }

        return null;
    }

    public HistogramBucket[] Buckets() =>
    [
        .. Bins().GroupBy(bin => (int)Math.Floor(Math.Log10(bin.Middle / 1000) * HistogramBucket.PerDecade)).Select(bucket => new HistogramBucket
        {
            FromMicroseconds = Bound(bucket.Key),
            ToMicroseconds = Bound(bucket.Key + 1),
            Count = bucket.Sum(bin => bin.Count),
        }),
    ];

    /// <summary>Returns the counts in HdrHistogram's own format.</summary>
    public string Encode() => HdrFormat.Encode(Bins().Select(bin => (bin.Index, bin.Count)), Digits, MaxTime);

    private static int BinOf(long time)
    {
        var exponent = (int)(BitConverter.DoubleToInt64Bits(time) >> 52) - 1023; // that of the highest bit
        var doublings = Math.Max(exponent - 10, 0);
        return (doublings * BinsPerDoubling) + (int)(time >> doublings);
    }

    private static double Bound(int bucket) => Math.Round(Math.Pow(10, (double)bucket / HistogramBucket.PerDecade), 3);

    private static TimeSpan Time(double nanoseconds) => TimeSpan.FromTicks((long)Math.Round(nanoseconds / 100));

    // The total comes last, so that another thread that has read it finds as many in the bins.
    private void Add(long low, long high, double middle, long count)
    {
        Volatile.Write(ref _minimum, Math.Min(_minimum, low));
        Volatile.Write(ref _maximum, Math.Max(_maximum, high));
        _sum += middle * count;
        ref var bin = ref _counts[BinOf(low)];
        Volatile.Write(ref bin, bin + count);
        Volatile.Write(ref _count, _count + count);
    }

    private IEnumerable<Bin> Bins()
    {
        var last = BinOf(Volatile.Read(ref _maximum));
        for (var index = BinOf(Volatile.Read(ref _minimum)); index <= last; index++)
        {
            var count = Volatile.Read(ref _counts[index]);
            if (count > 0)
                yield return new Bin(index, count);
        }
    }

    private readonly struct Bin(int index, long count)
    {
        private readonly int _doublings = Math.Max((index / BinsPerDoubling) - 1, 0);

        public int Index { get; } = index;

        public long Count { get; } = count;

        public long Low => (Index - (_doublings * (long)BinsPerDoubling)) << _doublings;

        public long High => Low + (1L << _doublings) - 1;

        public double Middle => Low + ((High - Low) / 2.0);
    }
}
