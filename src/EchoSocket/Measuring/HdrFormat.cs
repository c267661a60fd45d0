using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;

namespace EchoSocket.Measuring;

/// <summary>
/// HdrHistogram's compressed format V2, as Base64: a header and a zlib stream (RFC 1950) of another header and the counts.
/// All numbers in the headers are big-endian. A module that carried the HdrHistogram library could not be loaded next to
/// one with another version of it.
/// </summary>
internal static class HdrFormat
{
    private const int CompressedCookie = 0x1C849314;
    private const int Cookie = 0x1C849313;
    private const int CompressedHeaderSize = 4 + 4 + 2; // the cookie, the length, and the header of the zlib stream
    private const int HeaderSize = 40;

    /// <summary>Encodes the bins that are not empty, in ascending order.</summary>
    /// <param name="bins">The index and the count of each bin.</param>
    /// <param name="digits">The significant digits that the bins have.</param>
    /// <param name="highest">The highest value that there is a bin for; the lowest is 1.</param>
    public static string Encode(IEnumerable<(int Index, long Count)> bins, int digits, long highest)
    {
        using var counts = new MemoryStream();
        var next = 0;
        foreach (var (index, count) in bins)
        {
            // A negative number stands for so many empty bins.
            if (index > next)
                Write(counts, index - next > 1 ? next - index : 0);
            Write(counts, count);
            next = index + 1;
        }

        return Convert.ToBase64String(Compress([.. Header((int)counts.Length, digits, highest), .. counts.ToArray()]));
    }

    /// <summary>Reads what <see cref="Encode"/> returned for the same digits and the same highest value.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static IEnumerable<(int Index, long Count)> Decode(string encoded, int digits, long highest)
    {
        var bytes = Decompress(Convert.FromBase64String(encoded));
        if (!bytes.Take(HeaderSize).SequenceEqual(Header(bytes.Length - HeaderSize, digits, highest)))
            throw new FormatException($"This is no histogram of {digits} digits and values up to {highest}.");

        var index = 0;
        for (var position = HeaderSize; position < bytes.Length;)
        {
            var number = Read(bytes, ref position);
            if (number > 0)
                yield return (index, number);
            index += number < 0 ? (int)-number : 1;
        }
    }

    private static byte[] Header(int length, int digits, long highest) =>
    [
        .. BigEndian(Cookie), .. BigEndian(length), .. BigEndian(0), .. BigEndian(digits), .. BigEndian(1L), .. BigEndian(highest),
        .. BigEndian(BitConverter.DoubleToInt64Bits(1)),
    ];

    private static byte[] Compress(byte[] plain)
    {
        using var zlib = new MemoryStream();
        zlib.Write([0x78, 0x9C], 0, 2); // RFC 1950: deflate, a window of 32 KiB, the default level
        using (var deflate = new DeflateStream(zlib, CompressionMode.Compress, leaveOpen: true))
            deflate.Write(plain, 0, plain.Length);
        zlib.Write(BigEndian(Adler32(plain)), 0, 4);
        return [.. BigEndian(CompressedCookie), .. BigEndian((int)zlib.Length), .. zlib.ToArray()];
    }

    private static byte[] Decompress(byte[] bytes)
    {
        using var plain = new MemoryStream();
        using (var compressed = new MemoryStream(bytes, CompressedHeaderSize, bytes.Length - CompressedHeaderSize))
        using (var inflated = new DeflateStream(compressed, CompressionMode.Decompress))
            inflated.CopyTo(plain);
        return plain.ToArray();
    }

    // RFC 1950, section 8.2.
    private static int Adler32(byte[] bytes)
    {
        var (a, b) = (1u, 0u);
        foreach (var value in bytes)
        {
            a = (a + value) % 65_521;
            b = (b + a) % 65_521;
        }

        return (int)((b << 16) | a);
    }

    // ZigZag and LEB128: seven bits a byte, the lowest first. The ninth byte has eight.
    private static void Write(Stream to, long number)
    {
        var bits = (ulong)((number << 1) ^ (number >> 63));
        for (var i = 0; i < 8 && bits >= 0x80; i++, bits >>= 7)
            to.WriteByte((byte)(bits | 0x80));
        to.WriteByte((byte)bits);
    }

    private static long Read(byte[] from, ref int position)
    {
        var (bits, shift) = (0UL, 0);
        for (; shift < 56 && from[position] >= 0x80; shift += 7)
            bits |= (from[position++] & 0x7FUL) << shift;
        bits |= (ulong)from[position++] << shift;
        return (long)(bits >> 1) ^ -(long)(bits & 1);
    }

    private static byte[] BigEndian(int value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    private static byte[] BigEndian(long value) => [.. BigEndian((int)(value >> 32)), .. BigEndian((int)value)];
}
