using System;

namespace EchoSocket.Serving;

/// <summary>
/// Keeps the replies that the sockets have no room for, one for each connection, and bounds their total. Beyond the budget
/// only a little is read at once: clients that do not read their replies then cost hardly more memory, and those that do are
/// still served.
/// </summary>
internal sealed class UnsentReplies(long budget)
{
    /// <summary>How much is read at once. Measured: less costs bulk transfers a tenth, more gains little.</summary>
    public const int MaxReadSize = 256 * 1024;

    /// <summary>How much is read at once beyond the budget.</summary>
    public const int MinReadSize = 4 * 1024;

    private byte[]? _spare;
    private long _kept;

    /// <summary>How much may be read now.</summary>
    public int ReadSize => (int)Math.Min(Math.Max(budget - _kept, MinReadSize), MaxReadSize);

    /// <summary>Keeps a part of the buffer as what the connection has to be sent.</summary>
    public void Keep(ServedConnection connection, byte[] buffer, int offset, int count)
    {
        var reply = _spare is { } spare && spare.Length >= count && _kept + spare.Length <= budget ? spare : new byte[Size(count)];
        _spare = null;
        _kept += reply.Length;
        Buffer.BlockCopy(buffer, offset, reply, 0, count);
        connection.Unsent = reply;
        connection.Sent = 0;
        connection.Length = count;
    }

    /// <summary>Forgets what was kept for the connection, if anything.</summary>
    public void Release(ServedConnection connection)
    {
        if (connection.Unsent is null)
            return;

        _kept -= connection.Unsent.Length;
        _spare = connection.Unsent; // the next large reply to a quick reader needs one again
        connection.Unsent = null;
    }

    // The power of two that is large enough, so that the spare soon fits all that a quick reader is sent.
    private static int Size(int count)
    {
        var size = 512;
        while (size < count)
            size *= 2;
        return size;
    }
}
