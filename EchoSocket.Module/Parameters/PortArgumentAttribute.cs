using System;
using System.Globalization;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>
/// Takes a port as a whole number or its decimal digits. PowerShell itself ignores a property that does not convert, and
/// reads 7.6 as 8, 0x50 as 80 and $null as 0. Thread-safe.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class PortArgumentAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is string text ? IsDigits(text, out var port) : IsWhole(value, out port))
            return port;

        var what = value switch
        {
            null or "" => "An empty value",
            string unknown => $"'{TerminalText.EscapeControls(unknown)}'",
            _ => Columns.Describe(value),
        };
        throw new ArgumentTransformationMetadataException($"{what} is not a port. A port is a whole number up to 65535.");
    }

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
