using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>
/// Takes IP addresses and networks as text in CIDR notation, or as objects that have such a text: addresses, and the
/// networks of .NET. Thread-safe.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AddressRangeArgumentAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        IEnumerable<object?> items = LanguagePrimitives.GetEnumerable(inputData)?.Cast<object?>() ?? [inputData];
        return items.Select(item => Parse(item is PSObject wrapped ? wrapped.BaseObject : item)).ToArray();
    }

    private static AddressRange Parse(object? item)
    {
        try
        {
            return item as AddressRange ?? AddressRange.Parse(item?.ToString() ?? "");
        }
        catch (FormatException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }
}
