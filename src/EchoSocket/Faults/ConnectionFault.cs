using EchoSocket.Common;

namespace EchoSocket.Faults;

/// <summary>A fault that acts on the connection once, after so many bytes or at a time.</summary>
internal sealed class ConnectionFault(EchoFault fault, int index, long start)
{
    public EchoFault Fault { get; } = fault;

    /// <summary>The fault's place in the list of all.</summary>
    public int Index { get; } = index;

    public bool IsDone { get; set; }

    /// <summary>It acts before a TLS handshake.</summary>
    public bool IsEarly { get; } = fault.Kind is EchoFaultKind.RefuseConnection or EchoFaultKind.StallHandshake;

    /// <summary>After how many bytes it acts; <see cref="long.MaxValue"/> if it waits for a time.</summary>
    public long AtByte { get; } = fault.AfterTime is null ? fault.AfterBytes ?? 0 : long.MaxValue;

    /// <summary>When it acts, in stopwatch ticks; <see cref="long.MaxValue"/> if it waits for bytes.</summary>
    public long Due { get; } = fault.AfterTime is { } time ? start + Clock.Ticks(time) : long.MaxValue;
}
