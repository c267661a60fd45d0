using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;

namespace EchoSocket;

/// <summary>How many connections failed, by kind. As a text, and so in a CSV file, it is the kinds with their numbers.</summary>
public sealed class ErrorCounts(IDictionary<string, long> counts) : Dictionary<string, long>(counts)
{
    /// <summary>The text of the counts, or of the table that remoting makes of them.</summary>
    public static string Join(IDictionary counts) =>
        string.Join("; ", counts.Keys.Cast<object>().Select(kind => $"{kind} {counts[kind]}").OrderBy(e => e, StringComparer.Ordinal));

    public override string ToString() => Join(this);
}
