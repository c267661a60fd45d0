using System;
using System.Numerics;
using EchoSocket.Common;

namespace EchoSocket.Measuring;

/// <summary>How a server may change what it sends back.</summary>
[Flags]
internal enum EchoForms
{
    None = 0,
    Upper = 1,
    Same = 2,
    Any = Upper | Same,
}

/// <summary>
/// An endless stream of bytes that a connection's messages are cut from, and what comes back for it. It repeats after a
/// prime number of bytes that does not divide the size of a message, so that messages keep changing, and one that is
/// lost, sent twice or swapped with another is seen.
/// </summary>
internal sealed class Payload
{
    /// <summary>As much of the stream as there is in one piece, from anywhere.</summary>
    public const int LongestPiece = 256 * 1024;

    private const int Period = 65_521;
    private const int OtherPeriod = 65_519;

    private readonly int _period;
    private readonly byte[] _upper;

    public Payload(int messageSize)
    {
        _period = messageSize % Period == 0 ? OtherPeriod : Period;
        Bytes = new byte[_period + LongestPiece];
        new Random(_period).NextBytes(Bytes);
        for (var i = _period; i < Bytes.Length; i++)
            Bytes[i] = Bytes[i - _period];
        _upper = (byte[])Bytes.Clone();
        AsciiUpper.Apply(_upper, 0, _upper.Length);
    }

    public byte[] Bytes { get; }

    /// <summary>Where in <see cref="Bytes"/> the stream's byte with this number is.</summary>
    public int Offset(long position) => (int)(position % _period);

    /// <summary>
    /// Checks what came back for the stream from this byte on: the index of the first wrong byte, or -1. What the server
    /// does to letters is found out on the way and must then stay so.
    /// </summary>
    public int FirstWrong(byte[] reply, int count, long position, ref EchoForms forms)
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
