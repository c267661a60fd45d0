using System;

namespace EchoSocket.Transport;

/// <summary>Bytes that wait to be sent. For one thread at a time.</summary>
internal sealed class ByteQueue
{
    public byte[] Buffer { get; private set; } = [];

    /// <summary>The offset of the first byte.</summary>
    public int Start { get; private set; }

    public int Count { get; private set; }

    public void Append(byte[] source, int offset, int count)
    {
        if (count == 0)
            return;

        if (Start + Count + count > Buffer.Length)
        {
            var larger = Count + count > Buffer.Length ? new byte[Math.Max(Count + count, Buffer.Length * 2)] : Buffer;
            System.Buffer.BlockCopy(Buffer, Start, larger, 0, Count);
            (Buffer, Start) = (larger, 0);
        }

        System.Buffer.BlockCopy(source, offset, Buffer, Start + Count, count);
        Count += count;
    }

    /// <summary>Removes bytes from the front.</summary>
    public void Remove(int count)
    {
        Count -= count;
        Start = Count == 0 ? 0 : Start + count;
    }

    /// <summary>Removes all bytes, and keeps the memory.</summary>
    public void Clear() => Start = Count = 0;

    /// <summary>Releases the memory of an empty queue.</summary>
    public void Trim()
    {
        if (Count == 0)
            Buffer = [];
    }
}
