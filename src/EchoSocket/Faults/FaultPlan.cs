using System;
using System.Collections.Generic;
using System.Linq;
using EchoSocket.Common;

namespace EchoSocket.Faults;

/// <summary>
/// What a server does to one connection, and when: replies and times in, actions out. It moves no bytes and reads no clock. For
/// one thread at a time.
/// </summary>
/// <remarks>All times are stopwatch ticks and never go back.</remarks>
internal sealed class FaultPlan
{
    // A piece that is sent later than this did not wait for the clock but for the client.
    private static readonly long MaxLateness = Clock.Ticks(TimeSpan.FromMilliseconds(20));

    // How many pieces without bytes are passed over at once.
    private const int MaxEmpty = 1000;

    private readonly EchoFault[] _faults;
    private readonly InjectedFault?[] _injected;
    private readonly long _start;
    private readonly ReplyQueue _replies = new();
    private readonly List<FaultStage> _stages = [];
    private readonly List<ConnectionFault> _acts = [];
    private readonly List<InjectedFault> _inOrder = [];
    private Piece _current;
    private bool _hasCurrent;
    private bool _silent;
    private bool _ended;

    /// <param name="faults">What to choose from.</param>
    /// <param name="seed">Makes everything random repeatable.</param>
    /// <param name="connection">The connection's number, from 1.</param>
    /// <param name="now">When the connection was accepted.</param>
    public FaultPlan(EchoFault[] faults, int seed, long connection, long now)
    {
        _faults = faults;
        _injected = new InjectedFault?[faults.Length];
        _start = now;
        FaultStage last = _replies;
        for (var i = 0; i < faults.Length; i++)
        {
            var random = new FaultRandom(seed, connection, i);
            var fault = faults[i];
            if (!random.IsTrue(fault.Probability) || (fault.OnConnections.Count > 0 && !fault.OnConnections.Contains(connection)))
                continue;

            IsEmpty = false;
            if (Stage(last, fault, i, random) is { } stage)
                _stages.Add(last = stage);
            else if (fault.Kind == EchoFaultKind.FailHandshake)
                FailHandshake ??= i;
            else if (fault.Kind == EchoFaultKind.WrongCertificate)
                WrongCertificate ??= i;
            else
                _acts.Add(new ConnectionFault(fault, i, now));
        }
    }

    /// <summary>No fault applies to the connection.</summary>
    public bool IsEmpty { get; } = true;

    /// <summary>The place in the list of the fault that fails the TLS handshake; null if there is none.</summary>
    public int? FailHandshake { get; }

    /// <summary>The place in the list of the fault that shows a wrong certificate; null if there is none.</summary>
    public int? WrongCertificate { get; }

    /// <summary>Set it once a TLS handshake is complete, without TLS at once. Only then do most faults act.</summary>
    public bool IsEstablished { get; set; }

    /// <summary>Nothing more is to be read or sent.</summary>
    public bool IsStalled { get; private set; }

    /// <summary>How many bytes wait to be sent.</summary>
    public int Held => _current.Count + _replies.Pending + _stages.Sum(stage => stage.Pending);

    /// <summary>How many replies wait whole.</summary>
    public int HeldReplies => _replies.Count;

    /// <summary>How many bytes were sent.</summary>
    public long BytesSent { get; private set; }

    /// <summary>The bytes to send.</summary>
    public ArraySegment<byte> Current { get; private set; }

    /// <summary>How long to wait; <see cref="long.MaxValue"/> if there is nothing to wait for.</summary>
    public long Due { get; private set; } = long.MaxValue;

    /// <summary>What was done so far, in the order of the first time.</summary>
    public IReadOnlyList<InjectedFault> Injected => _inOrder;

    /// <summary>Called when a fault acts for the first time.</summary>
    public Action<InjectedFault>? Injecting { get; set; }

    /// <summary>Takes a reply, or drops it if nothing more is to be sent. It owns the bytes from now on.</summary>
    public void Add(byte[] reply, long now)
    {
        if (!_silent && !_ended)
            _replies.Add(reply, now);
    }

    /// <summary>Finds out what to do now.</summary>
    public FaultAction Next(long now)
    {
        for (var empty = 0; !_ended;)
        {
            if (Act(now) is { } action)
                return action;

            Due = _acts.Where(IsWaiting).Select(act => act.Due).DefaultIfEmpty(long.MaxValue).Min();
            if (IsStalled || !TryFindPiece())
                return FaultAction.Wait;

            if (_current.Due > now)
            {
                Due = Math.Min(Due, _current.Due);
                return FaultAction.Wait;
            }

            if (_current.Count == 0)
            {
                RecordMarks(int.MaxValue, now);
                DropCurrent();
                if (++empty < MaxEmpty)
                    continue;

                Due = now; // the others get their turn, too
                return FaultAction.Wait;
            }

            var most = _acts.Where(IsWaiting).Select(act => act.AtByte - BytesSent).DefaultIfEmpty(long.MaxValue).Min();
            Current = new ArraySegment<byte>(_current.Bytes, _current.Offset, (int)Math.Min(_current.Count, most));
            return FaultAction.Send;
        }

        Due = long.MaxValue;
        return FaultAction.Wait;
    }

    /// <summary>So many bytes of <see cref="Current"/> were sent.</summary>
    public void Sent(int count, long now)
    {
        RecordMarks(count == _current.Count ? int.MaxValue : _current.Offset + count, now);
        BytesSent += count;
        _current.Offset += count;
        _current.Count -= count;
        if (_current.Count > 0)
            return;

        var late = now - _current.Due;
        DropCurrent();
        if (late > MaxLateness)
            _stages.ForEach(stage => stage.Postpone(late));
    }

    /// <summary>Ends the plan, and releases what it holds.</summary>
    public void End()
    {
        _ended = true;
        DropReplies();
    }

    /// <summary>Notes what a fault has done.</summary>
    public void Record(int fault, long atByte, long now, int count = 1)
    {
        if (_injected[fault] is { } earlier)
        {
            earlier.Count += count;
            return;
        }

        var injected = new InjectedFault(_faults[fault], atByte, Clock.ToTimeSpan(now - _start)) { Count = count };
        _injected[fault] = injected;
        _inOrder.Add(injected);
        Injecting?.Invoke(injected);
    }

    private static FaultStage? Stage(FaultStage source, EchoFault fault, int index, FaultRandom random) => fault.Kind switch
    {
        EchoFaultKind.Delay => new DelayStage(source, fault, index, random),
        EchoFaultKind.Throttle or EchoFaultKind.Slice => new SpacingStage(source, fault, index),
        EchoFaultKind.Corrupt => new CorruptStage(source, fault, index, random),
        EchoFaultKind.Truncate => new TruncateStage(source, fault, index),
        EchoFaultKind.Duplicate => new DuplicateStage(source, index),
        _ => null,
    };

    private bool IsWaiting(ConnectionFault act) => !act.IsDone && (IsEstablished || act.IsEarly);

    // Does what is due on the connection. Returns an action if the connection has to do it.
    private FaultAction? Act(long now)
    {
        foreach (var act in _acts)
        {
            if (!IsWaiting(act) || (BytesSent < act.AtByte && now < act.Due))
                continue;

            act.IsDone = true;
            Record(act.Index, BytesSent, now);
            switch (act.Fault.Kind)
            {
                case EchoFaultKind.Stall or EchoFaultKind.StallHandshake:
                    IsStalled = true;
                    break;
                case EchoFaultKind.Silence:
                    Silence();
                    break;
                case EchoFaultKind.HalfClose:
                    Silence();
                    return FaultAction.HalfClose;
                default:
                    End();
                    return act.Fault.Kind == EchoFaultKind.Close ? FaultAction.Close : FaultAction.Reset;
            }
        }

        return null;
    }

    private bool TryFindPiece()
    {
        if (_hasCurrent)
            return true;

        _hasCurrent = (_stages.Count > 0 ? _stages[_stages.Count - 1] : _replies).TryTake(out _current);
        return _hasCurrent;
    }

    // What was done to bytes before this position of the current piece, which are being sent. What was done to bytes that are
    // never sent is not told.
    private void RecordMarks(int end, long now)
    {
        for (var mark = Mark.Within(_current.Marks, 0, end); mark is not null; mark = mark.Next)
            Record(mark.Fault, BytesSent + mark.Position - _current.Offset, now, mark.Count);
        _current.Marks = Mark.Within(_current.Marks, end, int.MaxValue);
    }

    private void Silence()
    {
        _silent = true;
        DropReplies();
    }

    private void DropReplies()
    {
        _replies.Clear();
        _stages.Clear();
        DropCurrent();
    }

    private void DropCurrent()
    {
        _current = default;
        _hasCurrent = false;
        Current = default;
    }
}
