using System;
using EchoSocket.Common;

namespace EchoSocket.Faults;

/// <summary>Holds each piece back for a time, and keeps the order.</summary>
internal sealed class DelayStage(FaultStage source, EchoFault fault, int index, FaultRandom random) : FaultStage
{
    private readonly long _steps = (fault.Jitter.Ticks * 2) + 1;
    private long _last;

    public override bool TryTake(out Piece piece)
    {
        if (!source.TryTake(out piece))
            return false;

        var time = fault.DelayTime - fault.Jitter + TimeSpan.FromTicks(random.Below(_steps));
        piece.Due = _last = Math.Max(piece.Due + Clock.Ticks(time), _last);
        piece.Marks = new Mark(index, piece.Offset, piece.Marks);
        return true;
    }
}
