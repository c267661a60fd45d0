using System;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>
/// Refuses what would put nothing on the wire, and says why. The parameter allows null and empty for the engine, whose
/// own refusals do not.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ValidateMessageAttribute : ValidateArgumentsAttribute
{
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        var messages = arguments as string[] ?? [];
        for (var i = 0; i < messages.Length; i++)
        {
            if (string.IsNullOrEmpty(messages[i]))
                throw Refusal(messages.Length == 1 ? "The message is empty" : $"Message {i + 1} is empty");
        }

        if (messages.Length == 0)
            throw Refusal("There is no message");
    }

    private static ValidationMetadataException Refusal(string what) =>
        new($"{what}. An empty message puts nothing on the wire, so no reply would ever come; give a message of at least one character.");
}
