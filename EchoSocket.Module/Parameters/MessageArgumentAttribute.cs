using System;
using System.Management.Automation;
using System.Net;

namespace EchoSocket;

/// <summary>
/// Takes a message as text, as a value whose text is all of it, such as a number or a date, or as an object with a property
/// Message. Thread-safe.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class MessageArgumentAttribute() : TextArgumentAttribute(Columns.Message)
{
    private const string BytesRefusal =
        "A byte is not text. Use -InputBytes to send bytes as they are, or decode them, for example with [Text.Encoding]::UTF8.GetString($bytes).";

    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        // Most messages are strings, and this is called for each.
        if ((inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is string text)
            return new[] { text };

        // Because of the inner exception, PowerShell tries to bind an input object to the other parameter.
        return BytesArgumentAttribute.IsBytes(inputData)
            ? throw new ArgumentTransformationMetadataException(BytesRefusal, new PSInvalidCastException(BytesRefusal))
            : base.Transform(engineIntrinsics, inputData);
    }

    protected override string? ToText(PSObject value) => value.BaseObject switch
    {
        string text => text,
        byte or sbyte or DBNull => null,
        IPAddress or Uri => null, // their properties Address, Host and Port would name the server, too
        IFormattable or IConvertible or Version => LanguagePrimitives.ConvertTo<string>(value.BaseObject),
        _ => null,
    };

    protected override string Refusal(PSObject value) => value.BaseObject is byte or sbyte
        ? BytesRefusal
        : $"{Columns.Describe(value)} is no message. Give text, or an object with the property {Columns.Text(Columns.Message)} and, if the " +
          $"command does not name the server, {Columns.Text(Columns.ComputerName)} and {Columns.Text(Columns.Port)}.";
}
