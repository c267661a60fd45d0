using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.IO.Compression;
using System.Linq;
using HdrHistogram;
using HdrHistogram.Encoding;
using HdrHistogram.Utilities;

namespace EchoSocket.Measuring;

/// <summary>
/// Round-trip times, to three digits from 1 µs to 1 hour (finer than needed below that), in an HdrHistogram of nanoseconds.
/// One thread records; any may ask for a percentile meanwhile, and gets it nearly right.
/// </summary>
internal sealed class LatencyHistogram
{
    // The V2 format: in plain a cookie, the payload's length, and so on; compressed another cookie, a length, and zlib's.
    private const int HeaderLength = 40;
    private const int PayloadLengthOffset = 4;
    private const uint CompressedCookie = 0x1C849314;

    // A cookie and a length, then the two bytes with which zlib's format begins.
    private const int CompressedHeader = 4 + 4 + 2;

    private const long Longest = 3_600_000_000_000;
    private const int Digits = 3;

    // From here on, 36.7 minutes, a bin's width does not fit the 32 bits that the library takes for it (2.5.0): it iterates
    // and encodes wrongly.
    private const long BinsGrowWrong = 1L << 41;

    private const long BinsAtStart = 2048; // the power of two from 2 * 10^3 on
    private static readonly double TickLength = 1e9 / Stopwatch.Frequency;

    private readonly HistogramBase _counts;
    private long _minimum = long.MaxValue;
    private long _maximum;
    private double _sum;

    public LatencyHistogram() => _counts = new LongHistogram(1, Longest, Digits);

    private LatencyHistogram(HistogramBase counts)
    {
        _counts = counts;
        (_minimum, _maximum) = (0, Longest);
        var bins = Bins().ToList();
        if (bins.Count > 0)
            (_minimum, _maximum, _sum) = (bins[0].Low, bins[bins.Count - 1].High, bins.Sum(b => b.Middle * b.Count));
    }

    public long Count => _counts.TotalCount;

    public TimeSpan? Minimum => Count == 0 ? null : Time(_minimum);

    public TimeSpan? Maximum => Count == 0 ? null : Time(_maximum);

    public TimeSpan? Mean => Count == 0 ? null : Time(_sum / Count);

    public TimeSpan? StandardDeviation
    {
        get
        {
            if (Count == 0)
                return null;

            var bins = Bins().ToList();
            var mean = _sum / Count;
            return Time(Math.Sqrt(bins.Sum(b => (b.Middle - mean) * (b.Middle - mean) * b.Count) / Count));
        }
    }

    /// <summary>What <see cref="Encode"/> gave.</summary>
    public static LatencyHistogram Decode(string encoded)
    {
        // The library takes the first part of what it decompresses for the whole, and refuses that (2.5.0, its issue 99).
        var bytes = Convert.FromBase64String(encoded);
        using var counts = new MemoryStream();
        using (var compressed = new MemoryStream(bytes, CompressedHeader, bytes.Length - CompressedHeader))
        using (var inflated = new DeflateStream(compressed, CompressionMode.Decompress))
            inflated.CopyTo(counts);
        return new(HistogramEncoding.DecodeFromByteBuffer(ByteBuffer.Allocate(counts.ToArray()), 0));
    }

    /// <summary>A time in the stopwatch's ticks.</summary>
    public void Record(long ticks)
    {
        var value = Math.Min(Math.Max((long)(ticks * TickLength), 1), Longest);
        if (value < _minimum)
            _minimum = value;
        if (value > _maximum)
            _maximum = value;
        _sum += value;
        _counts.RecordValue(value);
    }

    /// <summary>The time that so many of a hundred round trips did not exceed.</summary>
    public TimeSpan? Percentile(double percentile)
    {
        var left = Math.Max(Math.Ceiling(Count * percentile / 100 * (1 - 1e-15)), 1);
        foreach (var bin in Bins())
        {
            left -= bin.Count;
            if (left <= 0)
                return Time(Math.Min(bin.High, _maximum));
        }

        return Maximum;
    }

    public EchoHistogramBucket[] Buckets() =>
    [
        .. Bins().GroupBy(bin => (int)Math.Floor(Math.Log10(bin.Middle / 1000) * EchoHistogramBucket.PerDecade)).Select(bucket => new EchoHistogramBucket
        {
            FromMicroseconds = Bound(bucket.Key),
            ToMicroseconds = Bound(bucket.Key + 1),
            Count = bucket.Sum(bin => bin.Count),
        }),
    ];

    /// <summary>In HdrHistogram's own format, which any of its kind reads. A time above 36 minutes is told as that.</summary>
    public string Encode()
    {
        var counts = _maximum < BinsGrowWrong ? _counts : Clamped();
        var buffer = ByteBuffer.Allocate(counts.GetNeededByteBufferCapacity());
        counts.Encode(buffer, HistogramEncoderV2.Instance);
        buffer.Position = PayloadLengthOffset;
        var plain = new byte[HeaderLength + buffer.GetInt()];
        buffer.Position = 0;
        for (var i = 0; i < plain.Length; i++)
            plain[i] = buffer.Get();
        return Convert.ToBase64String(Compressed(plain));
    }

    private LongHistogram Clamped()
    {
        var clamped = new LongHistogram(1, Longest, Digits);
        foreach (var bin in Bins())
            clamped.RecordValueWithCount(Math.Min(bin.Low, BinsGrowWrong - 1), bin.Count);
        return clamped;
    }

    // The library's own way leaves out the end of zlib's format (2.5.0), without which strict readers refuse it.
    private static byte[] Compressed(byte[] plain)
    {
        using var zlib = new MemoryStream();
        zlib.Write([0x78, 0x9C], 0, 2); // RFC 1950: deflate, a window of 32 KiB, the default level
        using (var deflate = new DeflateStream(zlib, CompressionMode.Compress, leaveOpen: true))
            deflate.Write(plain, 0, plain.Length);
        zlib.Write(BigEndian(Adler32(plain)), 0, 4);
        return [.. BigEndian(CompressedCookie), .. BigEndian((uint)zlib.Length), .. zlib.ToArray()];
    }

    // RFC 1950, section 8.2.
    private static uint Adler32(byte[] bytes)
    {
        var (a, b) = (1u, 0u);
        foreach (var value in bytes)
        {
            a = (a + value) % 65_521;
            b = (b + a) % 65_521;
        }

        return (b << 16) | a;
    }

    private static byte[] BigEndian(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    // The library's own ways to go through its counts are not used, for they go wrong with long times. Its bins are those of
    // every HdrHistogram: 2,048 at the start, then half as many for each doubling.
    private IEnumerable<Bin> Bins()
    {
        for (var doublings = 0; ; doublings++)
        {
            for (var number = doublings == 0 ? 0L : BinsAtStart / 2; number < BinsAtStart; number++)
            {
                var bin = new Bin(number << doublings, ((number + 1) << doublings) - 1);
                if (bin.Low > _maximum)
                    yield break;

                bin.Count = bin.High < _minimum ? 0 : _counts.GetCountAtValue(bin.Low);
                if (bin.Count > 0)
                    yield return bin;
            }
        }
    }

    private static double Bound(int bucket) => Math.Round(Math.Pow(10, (double)bucket / EchoHistogramBucket.PerDecade), 3);

    private static TimeSpan Time(double nanoseconds) => TimeSpan.FromTicks((long)Math.Round(nanoseconds / 100));

    private struct Bin(long low, long high)
    {
        public long Low { get; } = low;

        public long High { get; } = high;

        public long Count { get; set; }

        public readonly double Middle => Low + ((High - Low) / 2.0);
    }
}
