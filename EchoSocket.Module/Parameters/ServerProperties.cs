using System.Globalization;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>
/// Reads the server that an input object names by its properties, as PowerShell does for parameters that take property names.
/// PowerShell would look for each of those names in every message, and that costs ten times as much as all else. Thread-safe.
/// </summary>
internal static class ServerProperties
{
    private const int MaxPort = 65535;

    private static readonly ComputerNameArgumentAttribute AsComputer = new() { Single = true };
    private static readonly PortArgumentAttribute AsPort = new();

    /// <summary>The computer, or null if no property is for it.</summary>
    /// <exception cref="ArgumentTransformationMetadataException">The value names no computer.</exception>
    public static string? Computer(PSObject source)
    {
        if (Columns.Find(source, Columns.ComputerName) is not { } column)
            return null;

        var computer = AsComputer.Transform(null!, column.Value) as string;
        return string.IsNullOrEmpty(computer)
            ? throw new ArgumentTransformationMetadataException($"The property {column.Name} is null or empty. Give a name or an IP address.")
            : computer;
    }

    /// <summary>The port, or 0 if no property is for it.</summary>
    /// <exception cref="ArgumentTransformationMetadataException">The value is not a port.</exception>
    public static int Port(PSObject source)
    {
        if (Columns.Find(source, Columns.Port) is not { } column)
            return 0;

        var port = (int)AsPort.Transform(null!, column.Value);
        return port is >= 1 and <= MaxPort
            ? port
            : throw new ArgumentTransformationMetadataException(
                string.Format(CultureInfo.InvariantCulture, "{0} is not a port. A port is a whole number from 1 to {1}.", port, MaxPort));
    }
}
