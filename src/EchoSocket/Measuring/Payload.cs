using System;
using EchoSocket.Common;

namespace EchoSocket.Measuring;

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

    public Payload(int messageSize)
    {
        _period = messageSize % Period == 0 ? OtherPeriod : Period;
        Bytes = new byte[_period + MaxChunkSize];
        new Random(_period).NextBytes(Bytes);
        for (var i = _period; i < Bytes.Length; i++)
            Bytes[i] = Bytes[i - _period];
    }

    public byte[] Bytes { get; }

    /// <summary>The index in <see cref="Bytes"/> of a position in the stream.</summary>
    public int Offset(long position) => (int)(position % _period);

    /// <summary>
    /// Compares a reply with the stream from this position on. Returns the index of the first wrong byte, or -1. Narrows
    /// <paramref name="forms"/> to those that match, because a server must keep to one form.
    /// </summary>
    public int FindMismatch(byte[] reply, int count, long position, ref EchoForms forms) =>
        EchoComparison.FindMismatch(reply, 0, Bytes, Offset(position), count, ref forms);
}
