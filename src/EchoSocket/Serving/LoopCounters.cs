using System.Runtime.InteropServices;
using System.Threading;

namespace EchoSocket.Serving;

/// <summary>
/// What one event loop counts, for itself and for the server: written by its thread, read by any. Only the loop that accepts
/// calls <see cref="Accepted"/>.
/// </summary>
internal sealed class LoopCounters(ServerCounters server)
{
    private Bytes _bytes;
    private int _active; // Interlocked

    /// <summary>The server's clients, of all loops.</summary>
    public ServerCounters Server { get; } = server;

    /// <summary>The loop's clients, with those that it has not taken over yet.</summary>
    public int Active => Volatile.Read(ref _active);

    public long BytesReceived => Volatile.Read(ref _bytes.Received);

    public long BytesSent => Volatile.Read(ref _bytes.Sent);

    public void Accepted()
    {
        Interlocked.Increment(ref _active);
        Server.Accepted();
    }

    /// <summary>Returns how many clients the server still has.</summary>
    public int Ended()
    {
        Interlocked.Decrement(ref _active);
        return Server.Ended();
    }

    public void Received(int count) => Volatile.Write(ref _bytes.Received, _bytes.Received + count);

    public void Sent(int count) => Volatile.Write(ref _bytes.Sent, _bytes.Sent + count);

    // Each loop writes these with every message, so no other loop may use the same cache line: it would wait for it every time.
    [StructLayout(LayoutKind.Explicit, Size = 272)]
    private struct Bytes
    {
        [FieldOffset(128)]
        public long Received;

        [FieldOffset(136)]
        public long Sent;
    }
}
