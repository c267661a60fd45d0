using System.Collections.Generic;

namespace EchoSocket.Polling;

/// <summary>The tokens that are to be reported as ready although nothing happened on their sockets. Thread-safe.</summary>
internal sealed class WokenTokens
{
    private readonly object _gate = new(); // guards _tokens
    private readonly Queue<int> _tokens = new();

    public void Add(int token)
    {
        lock (_gate)
            _tokens.Enqueue(token);
    }

    /// <summary>Moves as many tokens as fit to the end of the array, and returns how many are left.</summary>
    public int MoveTo(int[] ready, ref int count)
    {
        lock (_gate)
        {
            while (_tokens.Count > 0 && count < ready.Length)
                ready[count++] = _tokens.Dequeue();
            return _tokens.Count;
        }
    }
}
