using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Runtime.CompilerServices;

namespace EchoSocket;

/// <summary>
/// Takes a message as bytes: an array or a list of bytes, or whole numbers from 0 to 255. PowerShell itself would also take text
/// of digits, and round fractions. Thread-safe.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BytesArgumentAttribute : ArgumentTransformationAttribute
{
    /// <summary>No message: the object only names a server. To refuse each such object would take twice as long as to send to it.</summary>
    public static readonly byte[] None = (byte[])Array.CreateInstance(typeof(byte), 0); // not the empty array that all share

    // An array has no place for what it was made of.
    private static readonly ConditionalWeakTable<byte[], object> Singles = new();

    /// <summary>Whether a value is a byte, or a list of nothing but bytes.</summary>
    public static bool IsBytes(object? input) => PSObject.AsPSObject(input ?? "").BaseObject switch
    {
        byte => true,
        IEnumerable<byte> bytes when IsUnsigned(bytes) => true,
        string => false,
        IList { Count: > 0 } list => list.Cast<object?>().All(item => Unwrap(item) is byte),
        _ => false,
    };

    /// <summary>Whether this message was not a list, but a single byte.</summary>
    public static bool IsSingle(byte[] message) => Singles.TryGetValue(message, out _);

    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => Unwrap(inputData) switch
    {
        null => null,
        byte[] bytes when IsUnsigned(bytes) => bytes,
        IEnumerable<byte> bytes when IsUnsigned(bytes) => bytes.ToArray(),
        string text => throw Refusal(text),
        IList list => list.Cast<object?>().Select(ToByte).ToArray(),
        _ when ServerObjectArgumentAttribute.NamesServer(inputData) => None,
        var value => Single(ToByte(value)),
    };

    // The runtime also takes an array of bytes with a sign for one of bytes.
    private static bool IsUnsigned(object bytes) => bytes.GetType() != typeof(sbyte[]);

    private static object? Unwrap(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;

    private static byte[] Single(byte value)
    {
        byte[] message = [value];
        Singles.Add(message, value);
        return message;
    }

    private static byte ToByte(object? item)
    {
        var value = Unwrap(item);
        return PortArgumentAttribute.IsWhole(value, out var number) && number is >= byte.MinValue and <= byte.MaxValue
            ? (byte)number
            : throw Refusal(value);
    }

    private static ArgumentTransformationMetadataException Refusal(object? value)
    {
        var what = value switch
        {
            null => "An empty value",
            string text => $"'{text}'",
            _ => Columns.Describe(value),
        };
        var refusal = $"{what} is not bytes. Give an array of bytes, or whole numbers from 0 to 255; text is for -{nameof(Commands.SendEchoMessageCommand.Message)}.";

        // Because of the inner exception, PowerShell goes on to the other parameters of an input object.
        return new(refusal, new PSInvalidCastException(refusal));
    }
}
