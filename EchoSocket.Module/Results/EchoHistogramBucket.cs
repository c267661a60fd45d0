using System;
using System.Linq;

namespace EchoSocket;

/// <summary>The number of round trips within two bounds. An <see cref="EchoStatistics"/> holds the buckets as three lists.</summary>
public sealed class EchoHistogramBucket(double fromMicroseconds, double toMicroseconds, long count)
{
    /// <summary>The inclusive lower bound.</summary>
    public double FromMicroseconds => fromMicroseconds;

    /// <summary>The exclusive upper bound.</summary>
    public double ToMicroseconds => toMicroseconds;

    public long Count => count;

    /// <summary>The whole histogram of a measurement.</summary>
    public static EchoHistogramBucket[] FromLists(double[] from, double[] to, long[] counts) =>
        [.. counts.Select((count, i) => new EchoHistogramBucket(from[i], to[i], count))];

    public override string ToString() => FormattableString.Invariant($"{FromMicroseconds:0.###}-{ToMicroseconds:0.###} us: {Count}");
}
