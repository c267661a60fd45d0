using System;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>
/// Refuses an empty message and says why. The parameter itself allows null and empty values, because PowerShell's own
/// errors for them give no reason.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ValidateMessageAttribute : ValidateArgumentsAttribute
{
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        if (arguments is byte[] bytes)
        {
            if (bytes.Length == 0 && bytes != BytesArgumentAttribute.None)
                throw EmptyMessage("The message is empty");
            return;
        }

        var messages = arguments as string[] ?? [];
        for (var i = 0; i < messages.Length; i++)
        {
            if (string.IsNullOrEmpty(messages[i]))
                throw EmptyMessage(messages.Length == 1 ? "The message is empty" : $"Message {i + 1} is empty");
        }

        if (messages.Length == 0)
            throw EmptyMessage("There is no message");
    }

    private static ValidationMetadataException EmptyMessage(string what) =>
        new($"{what}. An empty message puts nothing on the wire, so no reply would ever come; give at least one character or byte.");
}
