using System;
using System.Linq;

namespace EchoSocket;

/// <summary>A fault that a server has injected into a connection. An <see cref="EchoConnection"/> holds the faults as four lists.</summary>
public sealed class EchoInjectedFault(string kind, long atByte, double milliseconds, long count)
{
    /// <summary>The name of an <see cref="EchoFaultKind"/>.</summary>
    public string Kind => kind;

    /// <inheritdoc cref="InjectedFault.AtByte"/>
    public long AtByte => atByte;

    /// <inheritdoc cref="InjectedFault.Time"/>
    public double Milliseconds => milliseconds;

    /// <inheritdoc cref="InjectedFault.Count"/>
    public long Count => count;

    /// <summary>All faults of a connection.</summary>
    public static EchoInjectedFault[] FromLists(string[] kinds, long[] atBytes, double[] milliseconds, long[] counts) =>
        [.. kinds.Select((kind, i) => new EchoInjectedFault(kind, atBytes[i], milliseconds[i], counts[i]))];

    public override string ToString() => FormattableString.Invariant($"{Kind} at byte {AtByte} after {Milliseconds:0.###} ms{(Count > 1 ? $" ({Count} times)" : "")}");
}
