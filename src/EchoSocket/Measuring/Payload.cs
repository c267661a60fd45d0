using System;
using System.Numerics;
using EchoSocket.Common;

namespace EchoSocket.Measuring;

/// <summary>The forms in which an echo server may send bytes back.</summary>
[Flags]
internal enum EchoForms
{
    None = 0,
    Upper = 1,
    Same = 2,
    Any = Upper | Same,
}

/// <summary>
/// An endless stream of bytes. A connection's messages are consecutive pieces of it, and its replies are checked against it.
/// The stream repeats after a prime number of bytes that does not divide the size of a message. So successive messages
/// differ, and a reply that is lost, sent twice or swapped with another is noticed.
/// </summary>
internal sealed class Payload
{
    /// <summary>How many bytes from any position of the stream are contiguous in <see cref="Bytes"/>.</summary>
    public const int MaxChunkSize = 256 * 1024;

    private const int Period = 65_521;
    private const int OtherPeriod = 65_519;

    private readonly int _period;
    private readonly byte[] _upper;

    public Payload(int messageSize)
    {
        _period = messageSize % Period == 0 ? OtherPeriod : Period;
        Bytes = new byte[_period + MaxChunkSize];
        new Random(_period).NextBytes(Bytes);
        for (var i = _period; i < Bytes.Length; i++)
            Bytes[i] = Bytes[i - _period];
        _upper = (byte[])Bytes.Clone();
        AsciiUpper.Apply(_upper, 0, _upper.Length);
    }

    public byte[] Bytes { get; }

    /// <summary>The index in <see cref="Bytes"/> of a position in the stream.</summary>
    public int Offset(long position) => (int)(position % _period);

    /// <summary>
    /// Compares a reply with the stream from this position on. Returns the index of the first wrong byte, or -1. Narrows
    /// <paramref name="forms"/> to those that match, because a server must keep to one form.
    /// </summary>
    public int FindMismatch(byte[] reply, int count, long position, ref EchoForms forms)
    {
        var offset = Offset(position);
        var upper = (forms & EchoForms.Upper) != 0 ? FirstDifference(reply, _upper, offset, count) : 0;
        var same = (forms & EchoForms.Same) != 0 ? FirstDifference(reply, Bytes, offset, count) : 0;
        var left = (upper < 0 ? EchoForms.Upper : EchoForms.None) | (same < 0 ? EchoForms.Same : EchoForms.None);
        if (left == EchoForms.None)
            return Math.Max(upper, same);

        forms = left;
        return -1;
    }

    private static unsafe int FirstDifference(byte[] reply, byte[] expected, int offset, int count)
    {
        fixed (byte* a = reply, from = expected)
        {
            var b = from + offset;
            var i = 0;
            while (count - i >= Vector<byte>.Count && *(Vector<byte>*)(a + i) == *(Vector<byte>*)(b + i))
                i += Vector<byte>.Count;
            for (; i < count; i++)
            {
                if (a[i] != b[i])
                    return i;
            }

            return -1;
        }
    }
}
