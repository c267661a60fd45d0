using System;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>Refuses what is neither a name nor an IP address, and says why.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ValidateHostAttribute : ValidateEnumeratedArgumentsAttribute
{
    protected override void ValidateElement(object element)
    {
        try
        {
            _ = new EchoClientOptions { Host = (string)element };
        }
        catch (ArgumentException e)
        {
            throw new ValidationMetadataException(e.Message, e);
        }
    }
}
