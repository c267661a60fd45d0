using System;

namespace EchoSocket.Serving;

/// <summary>
/// Buffers the replies that the send buffers of the sockets have no room for, at most one for each connection, and bounds
/// their total. Beyond the budget the server reads only a little at once: each further client that does not read its replies
/// then costs hardly any memory, and clients that do read are still served.
/// </summary>
/// <param name="budget">The bound of the total.</param>
/// <param name="minReadSize">How much is read at once beyond the budget.</param>
internal sealed class UnsentReplies(long budget, int minReadSize = UnsentReplies.MinReadSize)
{
    /// <summary>How much is read at once. Measured: less slows bulk transfers by a tenth, more gains little.</summary>
    public const int MaxReadSize = 256 * 1024;

    /// <summary>How much is read at once beyond the budget, unless the transport needs more.</summary>
    public const int MinReadSize = 4 * 1024;

    private byte[]? _spare;
    private long _stored;

    /// <summary>How much may be read now.</summary>
    public int ReadSize => (int)Math.Min(Math.Max(budget - _stored, minReadSize), MaxReadSize);

    /// <summary>Stores a copy of a part of the buffer as the unsent reply of the connection.</summary>
    public void Store(ServedConnection connection, byte[] buffer, int offset, int count)
    {
        var reply = _spare is { } spare && spare.Length >= count && _stored + spare.Length <= budget ? spare : new byte[Size(count)];
        _spare = null;
        _stored += reply.Length;
        Buffer.BlockCopy(buffer, offset, reply, 0, count);
        connection.Unsent = reply;
        connection.Sent = 0;
        connection.Length = count;
    }

    /// <summary>Releases the unsent reply of the connection, if there is one.</summary>
    public void Release(ServedConnection connection)
    {
        if (connection.Unsent is null)
            return;

        _stored -= connection.Unsent.Length;
        _spare = connection.Unsent; // a quick reader soon needs one of this size again
        connection.Unsent = null;
    }

    // The next power of two, so that the spare soon fits every reply to a quick reader.
    private static int Size(int count)
    {
        var size = 512;
        while (size < count)
            size *= 2;
        return size;
    }
}
