namespace EchoSocket.Faults;

/// <summary>A reply, or a part of one, on its way through the stages.</summary>
internal struct Piece
{
    public byte[] Bytes;

    public int Offset;

    public int Count;

    /// <summary>When it may be sent, in stopwatch ticks.</summary>
    public long Due;

    /// <summary>What the stages did to it, latest first.</summary>
    public Mark? Marks;
}

/// <summary>What a fault did to a piece.</summary>
internal sealed class Mark(int fault, int position, Mark? next, int count = 1)
{
    /// <summary>The fault's place in the list of all.</summary>
    public int Fault { get; } = fault;

    /// <summary>Where in <see cref="Piece.Bytes"/> it did so first.</summary>
    public int Position { get; } = position;

    /// <summary>How often.</summary>
    public int Count { get; } = count;

    public Mark? Next { get; } = next;

    /// <summary>The marks at positions from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    public static Mark? Within(Mark? marks, int start, int end)
    {
        if (marks is null)
            return null;

        var rest = Within(marks.Next, start, end);
        return marks.Position >= start && marks.Position < end ? new Mark(marks.Fault, marks.Position, rest, marks.Count) : rest;
    }
}
