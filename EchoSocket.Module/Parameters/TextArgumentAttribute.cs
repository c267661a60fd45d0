using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Runtime.CompilerServices;

namespace EchoSocket;

/// <summary>
/// Reads the text of a parameter from a value, from a list, or from an object with a property for it, and refuses everything
/// else. PowerShell itself would convert any object to text: a row of a CSV file without the right column to
/// "@{Name=...}", and a byte to its digits. Thread-safe.
/// </summary>
internal abstract class TextArgumentAttribute(string[] columns) : ArgumentTransformationAttribute
{
    private const int MaxDepth = 4; // a list may contain itself

    // A string has no place for its source. So text from a source is a string object of its own, and the source is found by
    // that object; an equal string from elsewhere is another object.
    private static readonly ConditionalWeakTable<string, object> Sources = new();

    /// <summary>The server job, or the object with columns (a PSObject), that a text was read from; null for other text.</summary>
    public static object? Source(string text) => Sources.TryGetValue(text, out var source) ? source : null;

    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        inputData is null ? null : Texts(inputData, depth: 0).ToArray();

    protected static string WithSource(string text, object source)
    {
        var copy = new string(text.ToCharArray());
        Sources.Add(copy, source);
        return copy;
    }

    /// <summary>The text of a value; null if a value of its type is none.</summary>
    protected abstract string? ToText(PSObject value);

    /// <summary>Says why a value is refused, and what to give instead.</summary>
    protected abstract string Refusal(PSObject value);

    private IEnumerable<string?> Texts(object? input, int depth, bool isCell = false)
    {
        if (input is null || input == AutomationNull.Value)
            return [null];

        var value = PSObject.AsPSObject(input);
        if (ToText(value) is { } text)
            return [text];
        if (!isCell && Columns.Find(value, columns) is { } column)
            return Texts(Read(column), depth, isCell: true).Select(t => t is null || Source(t) is not null ? t : WithSource(t, value));
        if (depth < MaxDepth && LanguagePrimitives.GetEnumerable(input) is { } items)
            return items.Cast<object?>().SelectMany(item => Texts(item, depth + 1, isCell));
        throw new ArgumentTransformationMetadataException(Refusal(value) + (value.BaseObject is IDictionary ? " A hashtable has no properties: cast it to [pscustomobject]." : ""));
    }

    private static object? Read(PSPropertyInfo column)
    {
        try
        {
            return column.Value;
        }
        catch (GetValueException e)
        {
            throw new ArgumentTransformationMetadataException($"The property {column.Name} can't be read. {e.Message}", e);
        }
    }
}
