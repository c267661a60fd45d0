using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace EchoSocket.Common;

/// <summary>Upper-cases ASCII letters, as many bytes at a time as the processor can. Thread-safe.</summary>
internal static class AsciiUpper
{
    private const ulong EveryByte = 0x0101010101010101;
    private static readonly Vector<byte> FirstLetter = new((byte)'a');
    private static readonly Vector<byte> Letters = new(26);
    private static readonly Vector<byte> CaseBit = new(0x20);

    // Not inlined: inside a caller the JIT may leave Upper a real call, one for each vector.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static unsafe void Apply(byte[] buffer, int offset, int count)
    {
        if ((uint)offset > (uint)buffer.Length || (uint)count > (uint)(buffer.Length - offset))
            throw new ArgumentOutOfRangeException(nameof(count));

        fixed (byte* start = buffer)
        {
            var p = start + offset;
            var end = p + count;
            if (Vector.IsHardwareAccelerated)
            {
                for (; end - p >= Vector<byte>.Count; p += Vector<byte>.Count)
                    *(Vector<byte>*)p = Upper(*(Vector<byte>*)p);
            }

            for (; end - p >= sizeof(ulong); p += sizeof(ulong))
                *(ulong*)p = Upper(*(ulong*)p);

            for (; p < end; p++)
                *p = Upper(*p);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte Upper(byte value) => (uint)(value - 'a') < 26 ? (byte)(value ^ 0x20) : value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<byte> Upper(Vector<byte> bytes)
    {
        // Unsigned: a byte below 'a' wraps around to far above 26.
        var letters = Vector.LessThan(bytes - FirstLetter, Letters);
        return bytes ^ (letters & CaseBit);
    }

    // In a byte whose top bit is clear, adding 0x80 - 'a' sets that bit from 'a' on, and adding 0x80 - '{' sets it
    // after 'z'; no sum carries into the next byte. Where exactly one of the two is set there is a letter, and its
    // case bit is the top bit shifted right by two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Upper(ulong word)
    {
        var low = word & (0x7F * EveryByte);
        var fromA = low + ((0x80 - 'a') * EveryByte);
        var afterZ = low + ((0x80 - '{') * EveryByte);
        var letter = (fromA ^ afterZ) & ~word & (0x80 * EveryByte);
        return word ^ (letter >> 2);
    }
}
