using System;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>
/// Takes a switch also as text, from the column of a file. PowerShell itself ignores a property that does not convert.
/// Thread-safe.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SwitchArgumentAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) switch
        {
            SwitchParameter value => value,
            bool value => new SwitchParameter(value),
            int and (0 or 1) and var value => new SwitchParameter(value == 1),
            string text when bool.TryParse(text, out var value) => new SwitchParameter(value),
            string text when text.Trim() is "0" or "1" => new SwitchParameter(text.Trim() == "1"),
            null or "" => throw Refusal("An empty value"),
            string text => throw Refusal($"'{TerminalText.EscapeControls(text)}'"),
            var value => throw Refusal(Columns.Describe(value)),
        };

    private static ArgumentTransformationMetadataException Refusal(string what) => new($"{what} is neither True nor False.");
}
