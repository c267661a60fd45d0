using System;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Threading.Tasks;
using EchoSocket.Measuring;
using HdrHistogram;
using HdrHistogram.Encoding;
using HdrHistogram.Utilities;
using Xunit;

namespace EchoSocket.Tests;

public class LatencyHistogramTests
{
    [Theory]
    [InlineData(1)] // 1 µs to 10 ms
    [InlineData(1000)] // 1 ms to 10 s
    [InlineData(360_000)] // 0.36 s to 1 hour
    public void A_histogram_has_three_significant_digits(int factor)
    {
        var histogram = Filled([.. Enumerable.Range(1, 10_000).Select(i => (double)i * factor)]);

        Assert.Equal(10_000, histogram.Count);
        AssertNear(1 * factor, histogram.Minimum);
        AssertNear(5000.0 * factor, histogram.Percentile(50));
        AssertNear(9000.0 * factor, histogram.Percentile(90));
        AssertNear(9900.0 * factor, histogram.Percentile(99));
        AssertNear(9990.0 * factor, histogram.Percentile(99.9));
        AssertNear(10_000.0 * factor, histogram.Maximum);
        AssertNear(5000.5 * factor, histogram.Mean);
        AssertNear(2886.75 * factor, histogram.StandardDeviation);
    }

    [Fact]
    public void Times_beyond_the_range_of_a_histogram_count_as_its_shortest_and_longest()
    {
        var histogram = Filled([0, 1e15]);

        Assert.Equal(2, histogram.Count);
        Assert.Equal(TimeSpan.FromHours(1), histogram.Maximum);
        Assert.Equal(TimeSpan.Zero, histogram.Minimum);
        Assert.Equal(2, histogram.Buckets().Sum(b => b.Count));
    }

    [Fact]
    public void An_empty_histogram_has_no_percentiles_and_no_buckets()
    {
        var histogram = new LatencyHistogram();

        Assert.All([histogram.Minimum, histogram.Mean, histogram.StandardDeviation, histogram.Percentile(50), histogram.Maximum], Assert.Null);
        Assert.Empty(histogram.Buckets());
        Assert.Equal(0, LatencyHistogram.Decode(histogram.Encode()).Count);
    }

    [Fact]
    public void Histogram_buckets_are_logarithmic_do_not_overlap_and_count_the_times_between_their_bounds()
    {
        double[] times = [16, 16.5, 100.2, 101, 5000.5, 5000.5, 5000.5];
        var buckets = Filled(times).Buckets();

        Assert.Equal(times.Length, buckets.Sum(b => b.Count));
        Assert.All(buckets, b => Assert.Equal(b.Count, times.Count(t => t >= b.FromMicroseconds && t < b.ToMicroseconds)));
        Assert.All(buckets, b => Assert.Equal(Math.Pow(10, 1 / 40.0), b.ToMicroseconds / b.FromMicroseconds, 0.001));
        Assert.Equal(buckets.OrderBy(b => b.FromMicroseconds), buckets);
    }

    [Fact]
    public void An_encoded_histogram_can_be_decoded_here_and_by_other_tools()
    {
        var before = Filled([.. Enumerable.Range(1, 1000).Select(i => (double)i)]);
        var encoded = before.Encode();

        // The cookies of the format V2, as in HdrHistogram's other implementations, around a whole zlib stream (RFC 1950).
        var bytes = Convert.FromBase64String(encoded);
        Assert.Equal((0x1C849314, bytes.Length - 8), (BinaryPrimitives.ReadInt32BigEndian(bytes), BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4))));
        var counts = Plain(encoded);
        Assert.Equal((0x1C849313, counts.Length - 40), (BinaryPrimitives.ReadInt32BigEndian(counts), BinaryPrimitives.ReadInt32BigEndian(counts.AsSpan(4))));
        var (a, b) = (1, 0);
        foreach (var value in counts)
            (a, b) = ((a + value) % 65_521, (b + a + value) % 65_521);
        Assert.Equal((b << 16) | a, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(bytes.Length - 4)));

        var after = LatencyHistogram.Decode(encoded);
        Assert.Equal(before.Count, after.Count);
        foreach (var percentile in new[] { 0, 50, 90, 99, 99.9, 100 })
            AssertNear(before.Percentile(percentile)!.Value.TotalMicroseconds, after.Percentile(percentile));
    }

    [Theory]
    [InlineData(new[] { 1, 2, 3 }, new long[] { 1, 2, 3 })]
    [InlineData(new[] { 0, 2, 3, 2047 }, new long[] { 1, 64, 8192, 1 })] // one empty bin, none, and many between two others
    [InlineData(new[] { 7, 8, 9, 10, 11, 12, 13, 14 }, new[] { 1L << 20, 1L << 27, 1L << 34, 1L << 41, 1L << 48, 1L << 54, 1L << 55, 1L << 61 })]
    public void The_encoding_is_the_one_of_the_HdrHistogram_library(int[] bins, long[] numbers)
    {
        const long Highest = 3_600_000_000_000;
        var counts = bins.Zip(numbers).ToArray();
        var library = new LongHistogram(1, Highest, 3);
        foreach (var (bin, count) in counts)
            library.RecordValueWithCount(bin, count); // bins of one nanosecond: their index is the time
        var buffer = ByteBuffer.Allocate(library.GetNeededByteBufferCapacity());
        var expected = new byte[library.Encode(buffer, HistogramEncoderV2.Instance)];
        buffer.Position = 0;
        for (var i = 0; i < expected.Length; i++)
            expected[i] = buffer.Get();

        var encoded = HdrFormat.Encode(counts, 3, Highest);

        Assert.Equal(expected, Plain(encoded));
        Assert.Equal(counts, HdrFormat.Decode(encoded, 3, Highest));
    }

    [Fact]
    public void The_HdrHistogram_library_reads_what_is_encoded_here()
    {
        var histogram = Filled([.. Enumerable.Range(0, 10_001).Select(i => 0.01 * Math.Pow(10, i / 1000.0))]); // 10 ns to 100 s

        var read = HistogramEncoding.DecodeFromByteBuffer(ByteBuffer.Allocate(Plain(histogram.Encode())), 0);

        Assert.Equal(10_001, read.TotalCount);
        foreach (var percentile in new[] { 0, 10, 50, 90, 99.9, 100 })
            AssertNear(read.GetValueAtPercentile(percentile) / 1000.0, histogram.Percentile(percentile));
    }

    [Fact]
    public void Times_of_up_to_an_hour_are_encoded_as_they_are()
    {
        var after = LatencyHistogram.Decode(Filled([1, 2.19e9, 3.6e9, 3.6e9]).Encode());

        Assert.Equal(4, after.Count);
        AssertNear(2.19e9, after.Percentile(50));
        AssertNear(3.6e9, after.Maximum);
    }

    [Fact]
    public void A_histogram_with_other_bins_is_not_decoded() =>
        Assert.Throws<FormatException>(() => LatencyHistogram.Decode(HdrFormat.Encode([(1, 1)], digits: 2, 3_600_000_000_000)));

    [Fact]
    public async Task A_percentile_can_be_read_while_another_thread_records()
    {
        var histogram = new LatencyHistogram();
        var recording = Bounded.Start(() =>
        {
            for (var i = 0; i < 1_000_000; i++)
                histogram.Record(Stopwatch.Frequency / (1 + (i % 1000))); // a second, a half, ... a thousandth
        });

        while (!recording.IsCompleted)
        {
            var count = histogram.Count;
            if (histogram.Percentile(100) is { } longest)
                Assert.InRange(longest, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
            else
                Assert.Equal(0, count);
            Assert.InRange(histogram.Count, count, 1_000_000);
        }

        await recording;
        Assert.Equal(1_000_000, histogram.Count);
        AssertNear(1e6 / 501, histogram.Percentile(50));
    }

    private static byte[] Plain(string encoded)
    {
        var bytes = Convert.FromBase64String(encoded);
        using var plain = new MemoryStream();
        using (var zlib = new ZLibStream(new MemoryStream(bytes, 8, bytes.Length - 8), CompressionMode.Decompress))
            zlib.CopyTo(plain);
        return plain.ToArray();
    }

    private static LatencyHistogram Filled(double[] microseconds)
    {
        var histogram = new LatencyHistogram();
        foreach (var time in microseconds)
            histogram.Record((long)Math.Round(time * Stopwatch.Frequency / 1e6));
        return histogram;
    }

    private static void AssertNear(double microseconds, TimeSpan? time) =>
        Assert.InRange(time!.Value.TotalMicroseconds, (microseconds * 0.999) - 0.1, (microseconds * 1.001) + 0.1);
}
