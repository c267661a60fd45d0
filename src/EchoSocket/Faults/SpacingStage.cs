using System;
using System.Diagnostics;
using EchoSocket.Common;

namespace EchoSocket.Faults;

/// <summary>Cuts into pieces, and spaces them in time: Slice by a fixed time, Throttle by the time that so many bytes take.</summary>
internal sealed class SpacingStage(FaultStage source, EchoFault fault, int index) : FaultStage
{
    private const int PiecesPerSecond = 100;
    private const int MaxPiece = 64 * 1024;

    private readonly bool _slices = fault.Kind == EchoFaultKind.Slice;
    private readonly int _size = fault.Kind == EchoFaultKind.Slice
        ? fault.ByteCount
        : Math.Min(Math.Max(fault.ByteCount / PiecesPerSecond, 1), MaxPiece);

    private readonly long _gap = Clock.Ticks(fault.DelayTime);
    private Piece _rest;
    private long _next = long.MinValue;

    public override int Pending => _rest.Count;

    public override bool TryTake(out Piece piece)
    {
        var begun = _rest.Count > 0;
        if (!begun && !source.TryTake(out _rest))
        {
            piece = default;
            return false;
        }

        piece = _rest;
        var cut = _rest.Count > _size;
        if (cut)
        {
            piece.Count = _size;
            var end = piece.Offset + _size;
            piece.Marks = Mark.Within(_rest.Marks, 0, end);
            _rest.Marks = Mark.Within(_rest.Marks, end, int.MaxValue);
        }

        _rest.Offset += piece.Count;
        _rest.Count -= piece.Count;
        if (_rest.Count == 0)
            _rest = default; // releases its bytes
        if (begun || cut || _next > piece.Due)
            piece.Marks = new Mark(index, piece.Offset, piece.Marks);
        piece.Due = Math.Max(piece.Due, _next);
        if (piece.Count > 0)
            _next = piece.Due + (_slices ? _gap : piece.Count * Stopwatch.Frequency / fault.ByteCount);
        return true;
    }

    public override void Postpone(long ticks)
    {
        if (_next != long.MinValue)
            _next += ticks;
    }
}
