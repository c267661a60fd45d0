using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;

namespace EchoSocket;

/// <summary>How many connections failed, by kind. Its text, which Export-Csv writes, is the kinds with their counts.</summary>
public sealed class ErrorCounts(IDictionary<string, long> counts) : Dictionary<string, long>(counts)
{
    /// <summary>The text of the counts, also of those that came through remoting.</summary>
    public static string Join(IDictionary counts) =>
        string.Join("; ", counts.Keys.Cast<object>().Select(kind => $"{kind} {counts[kind]}").OrderBy(e => e, StringComparer.Ordinal));

    public override string ToString() => Join(this);
}
