using System.Collections;
using System.Collections.ObjectModel;
using System.Linq;

namespace EchoSocket;

/// <summary>
/// A list of numbers or strings in a result. As a text, and so in a CSV file, it is its items. Objects can't be items: at
/// its default depth, ConvertTo-Json has no room for them in a list of results. Not generic, so that the type has the same
/// name after remoting wherever it came from.
/// </summary>
public sealed class ResultList(IEnumerable items) : ReadOnlyCollection<object>([.. items.Cast<object>()])
{
    /// <summary>As an array has it. PowerShell would take a missing one for the length of each item.</summary>
    public int Length => Count;

    /// <summary>The text of a list, or of the one that remoting makes of it.</summary>
    public static string Join(IEnumerable items) => string.Join("; ", items.Cast<object>());

    public override string ToString() => Join(this);
}
