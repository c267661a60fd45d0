using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>Says where a fault comes from, if something else is given. Thread-safe.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class FaultArgumentAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        IEnumerable<object?> items = LanguagePrimitives.GetEnumerable(inputData)?.Cast<object?>() ?? [inputData];
        foreach (var item in items)
            Check(item);
        return inputData;
    }

    // Null is left to the validation.
    private static void Check(object? item)
    {
        if (item is null || (item is PSObject wrapped ? wrapped.BaseObject : item) is EchoFault)
            return;

        throw new ArgumentTransformationMetadataException(PSObject.AsPSObject(item).TypeNames.Contains("Deserialized." + typeof(EchoFault).FullName)
            ? $"'{item}' is a copy of a fault. Make the fault in the session of the server, with New-EchoFault."
            : $"'{item}' is not a fault. Make one with New-EchoFault: -Fault (New-EchoFault -Reset).");
    }
}
