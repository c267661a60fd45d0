using System;
using System.Globalization;
using System.Linq;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>
/// Takes a port, or a list of them, as a whole number or its decimal digits. PowerShell itself ignores a property that does not convert, and
/// reads 7.6 as 8, 0x50 as 80 and $null as 0. Thread-safe.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class PortArgumentAttribute : ArgumentTransformationAttribute
{
    /// <summary>The parameter is a list of ports.</summary>
    public bool Several { get; set; }

    public override object Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        if (!Several || LanguagePrimitives.GetEnumerable(inputData) is not { } items)
            return Several ? new[] { ToPort(inputData) } : ToPort(inputData);

        var ports = items.Cast<object?>().Select(ToPort).ToArray();
        return ports.Length > 0 ? ports : throw Refusal("An empty list");
    }

    private static int ToPort(object? input)
    {
        var value = input is PSObject wrapped ? wrapped.BaseObject : input;
        if (value is string text ? IsDigits(text, out var port) : IsWhole(value, out port))
            return port;

        throw Refusal(value switch
        {
            null or "" => "An empty value",
            string unknown => $"'{TerminalText.EscapeControls(unknown)}'",
            _ => Columns.Describe(value),
        });
    }

    private static ArgumentTransformationMetadataException Refusal(string what) => new($"{what} is not a port. A port is a whole number up to 65535.");

    /// <summary>Whether a value is a number without a fraction.</summary>
    internal static bool IsWhole(object? value, out int number)
    {
        number = 0;
        if (value is not (sbyte or short or ushort or int or uint or long or ulong or byte or float or double or decimal))
            return false;

        var exact = Convert.ToDouble(value, CultureInfo.InvariantCulture);
        if (exact is < int.MinValue or > int.MaxValue || exact != Math.Floor(exact))
            return false; // NaN included

        number = (int)exact;
        return true;
    }

    private static bool IsDigits(string text, out int port) =>
        int.TryParse(text, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out port);
}
