using System;

namespace EchoSocket.Transport;

/// <summary>
/// The messages in flight and their replies, in two rings of bytes: a reply has its message's place. Positions count the bytes
/// of all messages so far. Not thread-safe, except that the bytes of <see cref="Messages"/> that are to be sent, and those of
/// <see cref="Replies"/> that are to be received, stay where they are until the replies are taken.
/// </summary>
internal sealed class InFlightRing(int maxMessages, int capacity)
{
    private readonly Slot[] _slots = new Slot[maxMessages];
    private long _added;
    private long _started;
    private long _completed;
    private long _taken;
    private long _appended;
    private long _takenTo;

    public byte[] Messages { get; } = new byte[capacity];

    public byte[] Replies { get; } = new byte[capacity];

    /// <summary>The messages whose replies have not been taken.</summary>
    public int Outstanding => (int)(_added - _taken);

    /// <summary>The replies that can be taken.</summary>
    public int Completed => (int)(_completed - _taken);

    /// <summary>The replies to all that was sent have come.</summary>
    public bool IsAllCompleted => _completed == _started;

    /// <summary>Bytes that wait to be sent.</summary>
    public bool HasUnsent => _appended > SentTo;

    /// <summary>The sends of half of the messages for which there is room have not begun.</summary>
    public bool IsHalfUnsent => (_added - _started) * 2 >= maxMessages;

    /// <summary>The end of what was sent, or is being sent.</summary>
    public long SentTo { get; private set; }

    public long ReceivedTo { get; private set; }

    /// <summary>Bytes of replies that are still to come for what was sent.</summary>
    public long Awaited => SentTo - ReceivedTo;

    /// <summary>The message whose reply comes next: the number of bytes of it, and of its reply so far, and when its send began.</summary>
    public (int Count, int Received, long Started) Head
    {
        get
        {
            var slot = _slots[_completed % maxMessages];
            return ((int)(slot.End - slot.Start), (int)(ReceivedTo - slot.Start), slot.Started);
        }
    }

    /// <summary>False if there is no room.</summary>
    public bool TryAdd(byte[] message, int count)
    {
        if (Outstanding == maxMessages || _appended + count - _takenTo > capacity)
            return false;

        _slots[_added % maxMessages] = new Slot { Start = _appended, End = _appended + count };
        _added++;
        Copy(message, 0, Messages, (int)(_appended % capacity), count, into: true);
        _appended += count;
        return true;
    }

    /// <summary>The next bytes to send; they count as sent from now on.</summary>
    public (int Offset, int Count) NextToSend(long now)
    {
        var offset = (int)(SentTo % capacity);
        var count = (int)Math.Min(_appended - SentTo, capacity - offset);
        SentTo += count;
        for (; _started < _added && _slots[_started % maxMessages].Start < SentTo; _started++)
            _slots[_started % maxMessages].Started = now;
        return (offset, count);
    }

    /// <summary>
    /// Where the next bytes are to be received. With <paramref name="beyond"/> there may be more of them than the replies have.
    /// </summary>
    public (int Offset, int Count) NextToReceive(bool beyond)
    {
        var offset = (int)(ReceivedTo % capacity);
        var room = beyond ? _takenTo + capacity - ReceivedTo : SentTo - ReceivedTo;
        return (offset, (int)Math.Min(room, capacity - offset));
    }

    /// <summary>How many of these bytes, which came next, are replies to what was sent.</summary>
    public int Expected(int count) => (int)Math.Min(count, SentTo - ReceivedTo);

    /// <summary>These bytes came, and are right.</summary>
    public void Advance(int count, long now)
    {
        ReceivedTo += count;
        for (; _completed < _started && _slots[_completed % maxMessages].End <= ReceivedTo; _completed++)
            _slots[_completed % maxMessages].Completed = now;
    }

    /// <summary>The last reply is not complete, because more came with it.</summary>
    public void ReopenLast() => _completed--;

    /// <summary>Copies what was received for the head from an offset on, and what came after it.</summary>
    public byte[] CopyReceived(int fromOffset, int beyond, int max)
    {
        var start = _slots[_completed % maxMessages].Start + fromOffset;
        var copy = new byte[Math.Min(ReceivedTo + beyond - start, max)];
        Copy(copy, 0, Replies, (int)(start % capacity), copy.Length, into: false);
        return copy;
    }

    /// <summary>Copies the next reply into a buffer that is large enough, and frees its place.</summary>
    public (int Count, long RoundTripTicks) Take(byte[] buffer)
    {
        var slot = _slots[_taken++ % maxMessages];
        var count = (int)(slot.End - slot.Start);
        Copy(buffer, 0, Replies, (int)(slot.Start % capacity), count, into: false);
        _takenTo = slot.End;
        return (count, slot.Completed - slot.Started);
    }

    private void Copy(byte[] buffer, int offset, byte[] ring, int at, int count, bool into)
    {
        var first = Math.Min(count, capacity - at);
        if (into)
        {
            Buffer.BlockCopy(buffer, offset, ring, at, first);
            Buffer.BlockCopy(buffer, offset + first, ring, 0, count - first);
        }
        else
        {
            Buffer.BlockCopy(ring, at, buffer, offset, first);
            Buffer.BlockCopy(ring, 0, buffer, offset + first, count - first);
        }
    }

    private struct Slot
    {
        public long Start;
        public long End;
        public long Started;
        public long Completed;
    }
}
