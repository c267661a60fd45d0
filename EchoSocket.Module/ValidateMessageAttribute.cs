using System;
using System.Collections;
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
        var messages = LanguagePrimitives.GetEnumerable(arguments) ?? new[] { arguments };
        var position = 0;
        foreach (var message in messages)
        {
            position++;
            if (message is null || message is string { Length: 0 })
                throw Refusal(position == 1 && IsOnly(messages) ? "The message is empty" : $"Message {position} is empty");
        }

        if (position == 0)
            throw Refusal("There is no message");
    }

    private static bool IsOnly(IEnumerable messages) => messages is not ICollection { Count: > 1 };

    private static ValidationMetadataException Refusal(string what) =>
        new($"{what}. An empty message puts nothing on the wire, so no reply would ever come; give a message of at least one character.");
}
