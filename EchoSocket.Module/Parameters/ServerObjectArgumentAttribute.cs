using System;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>Takes an object whose properties name a server; nothing of bytes, which are a message. Thread-safe.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ServerObjectArgumentAttribute : ArgumentTransformationAttribute
{
    /// <summary>Whether an object has a property for the computer or the port.</summary>
    public static bool NamesServer(object? input) =>
        input is PSObject value && (Columns.Find(value, Columns.ComputerName) ?? Columns.Find(value, Columns.Port)) is not null;

    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        if (inputData is null || NamesServer(inputData))
            return inputData;
        if (BytesArgumentAttribute.IsBytes(inputData))
            return null;

        // Because of the inner exception, PowerShell goes on to the other parameters of an input object.
        var refusal = $"{Columns.Describe(inputData)} names no server: it has neither the property {Columns.Text(Columns.ComputerName)} nor {Columns.Text(Columns.Port)}.";
        throw new ArgumentTransformationMetadataException(refusal, new PSInvalidCastException(refusal));
    }
}
