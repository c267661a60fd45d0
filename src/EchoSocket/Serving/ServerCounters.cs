using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace EchoSocket.Serving;

/// <summary>A server's totals. Any thread may read them. Only the loop that accepts calls <see cref="CountRefused"/>.</summary>
internal sealed class ServerCounters
{
    private int _active; // Interlocked
    private long _total;
    private long _refused;

    /// <param name="loops">How many event loops the server has at most.</param>
    public ServerCounters(int loops = 1) => Loops = [.. Enumerable.Range(0, loops).Select(_ => new LoopCounters(this))];

    /// <summary>What each event loop counts for itself.</summary>
    public IReadOnlyList<LoopCounters> Loops { get; }

    public int Active => Volatile.Read(ref _active);

    public long Total => Volatile.Read(ref _total);

    public long Refused => Volatile.Read(ref _refused);

    public long BytesReceived => Loops.Sum(loop => loop.BytesReceived);

    public long BytesSent => Loops.Sum(loop => loop.BytesSent);

    public void CountRefused() => Volatile.Write(ref _refused, _refused + 1);

    /// <summary>For <see cref="LoopCounters.Accepted"/>.</summary>
    public void Accepted()
    {
        Volatile.Write(ref _total, _total + 1);
        Interlocked.Increment(ref _active);
    }

    /// <summary>For <see cref="LoopCounters.Ended"/>.</summary>
    public int Ended() => Interlocked.Decrement(ref _active);
}
