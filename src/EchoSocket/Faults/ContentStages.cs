using System;
using System.Collections.Generic;

namespace EchoSocket.Faults;

/// <summary>Flips single bits, at random distances.</summary>
internal sealed class CorruptStage : FaultStage
{
    private readonly FaultStage _source;
    private readonly int _index;
    private readonly long _distances;
    private readonly FaultRandom _random;
    private long _left; // bytes before the next one to change

    public CorruptStage(FaultStage source, EchoFault fault, int index, FaultRandom random)
    {
        _source = source;
        _index = index;
        _distances = (2L * fault.ByteCount) - 1; // from 1 to twice the average less 1
        _random = random;
        _left = _random.Below(_distances);
    }

    public override bool TryTake(out Piece piece)
    {
        if (!_source.TryTake(out piece))
            return false;

        List<int>? changed = null;
        var offset = _left;
        for (; offset < piece.Count; offset += 1 + _random.Below(_distances))
        {
            var position = piece.Offset + (int)offset;
            piece.Bytes[position] ^= (byte)(1 << (int)_random.Below(8));
            (changed ??= []).Add(position);
        }

        _left = offset - piece.Count;
        if (changed is not null)
            piece.Marks = new Mark(_index, [.. changed], piece.Marks);
        return true;
    }
}

/// <summary>Drops the last bytes of each piece.</summary>
internal sealed class TruncateStage(FaultStage source, EchoFault fault, int index) : FaultStage
{
    public override bool TryTake(out Piece piece)
    {
        if (!source.TryTake(out piece) || piece.Count == 0)
            return piece.Bytes is not null;

        piece.Count -= Math.Min(fault.ByteCount, piece.Count);
        var end = piece.Offset + piece.Count;
        piece.Marks = new Mark(index, end, Mark.Within(piece.Marks, 0, end));
        return true;
    }
}

/// <summary>Sends each piece twice.</summary>
internal sealed class DuplicateStage(FaultStage source, int index) : FaultStage
{
    private Piece _copy;

    public override int Pending => _copy.Count;

    public override bool TryTake(out Piece piece)
    {
        if (_copy.Count > 0)
        {
            piece = _copy;
            _copy = default;
            return true;
        }

        if (!source.TryTake(out piece))
            return false;
        if (piece.Count == 0)
            return true;

        // A copy of the bytes, too, because a later stage may change them.
        _copy = new Piece { Bytes = new byte[piece.Count], Count = piece.Count, Due = piece.Due, Marks = new Mark(index, 0, null) };
        Buffer.BlockCopy(piece.Bytes, piece.Offset, _copy.Bytes, 0, piece.Count);
        return true;
    }
}
