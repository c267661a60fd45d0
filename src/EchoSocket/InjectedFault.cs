using System;

namespace EchoSocket;

/// <summary>A fault that a server has injected into a connection.</summary>
public sealed class InjectedFault
{
    internal InjectedFault(EchoFault fault, long atByte, TimeSpan time)
    {
        Fault = fault;
        AtByte = atByte;
        Time = time;
    }

    /// <summary>What the server was told to do.</summary>
    public EchoFault Fault { get; }

    /// <summary>What the server did.</summary>
    public EchoFaultKind Kind => Fault.Kind;

    /// <summary>How many bytes of replies had been handed to the operating system when the fault acted first. Corrupt: the offset of the first byte changed.</summary>
    public long AtByte { get; }

    /// <summary>When it acted first, since the connection was accepted.</summary>
    public TimeSpan Time { get; }

    /// <summary>How often it acted: on so many replies or pieces; Corrupt: on so many bytes.</summary>
    public long Count { get; internal set; } = 1;

    /// <summary>A short sentence.</summary>
    public override string ToString() => $"The server {Fault}.";
}
