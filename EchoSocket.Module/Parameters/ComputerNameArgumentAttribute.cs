using System;
using System.Management.Automation;
using System.Net;

namespace EchoSocket;

/// <summary>
/// Takes a computer as a name, an IP address, a server job (which stands for its address and port), or an object with a
/// property that names it. Thread-safe.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ComputerNameArgumentAttribute() : TextArgumentAttribute(Columns.ComputerName)
{
    /// <summary>The parameter is a string, not a list.</summary>
    public bool Single { get; set; }

    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        base.Transform(engineIntrinsics, inputData) switch
        {
            string[] texts when Single && texts.Length > 1 => throw new ArgumentTransformationMetadataException("Give one computer, not several."),
            string[] texts when Single => texts.Length == 1 ? texts[0] : null,
            var texts => texts,
        };

    protected override string? ToText(PSObject value) => value.BaseObject switch
    {
        string text => Checked(text.Trim()),
        IPAddress address => address.ToString(),
        EchoServerJob job => WithSource(job.ComputerName, job),
        _ when value.TypeNames.Contains("Deserialized.System.Net.IPAddress") => value.Properties["IPAddressToString"]?.Value as string,
        _ => null,
    };

    protected override string Refusal(PSObject value) =>
        $"{Columns.Describe(value)} names no computer. Give a name, an IP address, a server job, or an object with the properties " +
        $"{Columns.Text(Columns.ComputerName)} and {Columns.Text(Columns.Port)}.";

    private static string Checked(string text)
    {
        if (text.Length == 0)
            throw new ArgumentTransformationMetadataException("An empty value names no computer. Give a name or an IP address.");

        try
        {
            return new EchoClientOptions { Host = text }.Host;
        }
        catch (ArgumentException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }
}
