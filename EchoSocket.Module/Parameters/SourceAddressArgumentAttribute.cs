using System;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>
/// Takes an IP address as text or as an object. PowerShell itself reads 7 as 0.0.0.7, and drops an interface that does not
/// exist. Thread-safe.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SourceAddressArgumentAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        try
        {
            return value is null ? null : new EchoClientOptions { SourceAddress = value.ToString() }.SourceAddress;
        }
        catch (ArgumentException e)
        {
            throw new ArgumentTransformationMetadataException($"{e.Message} Give an IP address of this computer, or omit the source address.", e);
        }
    }
}
