using System.Collections.Generic;

namespace EchoSocket.Faults;

/// <summary>
/// One link of the chain that replies pass. It takes the next piece from the link before it only when asked for one, so pieces
/// need hardly any memory, however small they are.
/// </summary>
internal abstract class FaultStage
{
    /// <summary>How many bytes it keeps for the next pieces.</summary>
    public virtual int Pending => 0;

    /// <summary>The next piece; false if there is none now.</summary>
    public abstract bool TryTake(out Piece piece);

    /// <summary>A piece was sent later than due, because the client did not read. A stage that spaces pieces moves its schedule.</summary>
    public virtual void Postpone(long ticks)
    {
    }
}

/// <summary>The beginning of the chain: replies that no fault has touched.</summary>
internal sealed class ReplyQueue : FaultStage
{
    private readonly Queue<Piece> _replies = new();
    private int _bytes;

    public override int Pending => _bytes;

    public int Count => _replies.Count;

    public void Add(byte[] reply, long now)
    {
        _replies.Enqueue(new Piece { Bytes = reply, Count = reply.Length, Due = now });
        _bytes += reply.Length;
    }

    public void Clear()
    {
        _replies.Clear();
        _bytes = 0;
    }

    public override bool TryTake(out Piece piece)
    {
        if (_replies.Count == 0)
        {
            piece = default;
            return false;
        }

        piece = _replies.Dequeue();
        _bytes -= piece.Count;
        return true;
    }
}
