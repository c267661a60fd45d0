using System.Collections;
using System.Collections.ObjectModel;
using System.Linq;

namespace EchoSocket;

/// <summary>
/// A list of numbers or strings in a result. Its text, which Export-Csv writes, is its items. Don't put objects into it:
/// ConvertTo-Json of several results truncates them at its default depth. The type is not generic, since the name of a
/// generic type contains the version of .NET, and views and type data need one name.
/// </summary>
public sealed class ResultList(IEnumerable items) : ReadOnlyCollection<object>([.. items.Cast<object>()])
{
    /// <summary>The number of items. Without this property PowerShell would return the length of each item.</summary>
    public int Length => Count;

    /// <summary>The text of a list, also of one that came through remoting.</summary>
    public static string Join(IEnumerable items) => string.Join("; ", items.Cast<object>());

    public override string ToString() => Join(this);
}
