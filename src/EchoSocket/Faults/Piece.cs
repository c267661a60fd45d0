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

/// <summary>What a fault did to a piece: once or more, at positions in <see cref="Piece.Bytes"/>. Immutable.</summary>
internal sealed class Mark
{
    private readonly int[] _positions; // in ascending order
    private readonly int _first;
    private readonly int _end;

    public Mark(int fault, int position, Mark? next)
        : this(fault, [position], next)
    {
    }

    public Mark(int fault, int[] positions, Mark? next)
        : this(fault, positions, 0, positions.Length, next)
    {
    }

    private Mark(int fault, int[] positions, int first, int end, Mark? next)
    {
        Fault = fault;
        Next = next;
        _positions = positions;
        _first = first;
        _end = end;
    }

    /// <summary>The fault's place in the list of all.</summary>
    public int Fault { get; }

    /// <summary>The first position.</summary>
    public int Position => _positions[_first];

    /// <summary>How many positions there are.</summary>
    public int Count => _end - _first;

    public Mark? Next { get; }

    /// <summary>The marks at positions from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    public static Mark? Within(Mark? marks, int start, int end)
    {
        if (marks is null)
            return null;

        var next = Within(marks.Next, start, end);
        var positions = marks._positions;
        var first = marks._first;
        while (first < marks._end && positions[first] < start)
            first++;
        var last = marks._end;
        if (first < last && positions[last - 1] >= end)
        {
            for (last = first; positions[last] < end;)
                last++;
        }

        return first < last ? new Mark(marks.Fault, positions, first, last, next) : next;
    }
}
