using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text;

namespace EchoSocket;

/// <summary>Accepts an encoding by the name that PowerShell's own cmdlets use, by any .NET name or code page, or as an object.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class EncodingArgumentAttribute : ArgumentTransformationAttribute
{
    /// <summary>UTF-8 without a byte order mark, which would be echoed like any other bytes.</summary>
    internal static readonly Encoding Utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    internal static readonly IReadOnlyDictionary<string, Func<Encoding>> Names =
        new Dictionary<string, Func<Encoding>>(StringComparer.OrdinalIgnoreCase)
        {
            ["ascii"] = () => Encoding.ASCII,
            ["bigendianunicode"] = () => Encoding.BigEndianUnicode,
            ["bigendianutf32"] = () => new UTF32Encoding(bigEndian: true, byteOrderMark: false),
            ["latin1"] = () => Encoding.GetEncoding(28591),
            ["unicode"] = () => Encoding.Unicode,
            ["utf8"] = () => Utf8,
            ["utf8NoBOM"] = () => Utf8,
            ["utf32"] = () => Encoding.UTF32,
        };

    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        try
        {
            return value switch
            {
                string name when Names.TryGetValue(name, out var encoding) => encoding(),
                string name when int.TryParse(name, out var codePage) => Encoding.GetEncoding(codePage),
                string name => Encoding.GetEncoding(name),
                int codePage => Encoding.GetEncoding(codePage),
                _ => inputData,
            };
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new ArgumentTransformationMetadataException(
                $"'{value}' is not a known encoding. Give one of {string.Join(", ", Names.Keys)}, another name or code page " +
                "that .NET knows, or an object of type System.Text.Encoding.", e);
        }
    }
}

/// <summary>Completes the names of encodings.</summary>
internal sealed class EncodingCompleter : IArgumentCompleter
{
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        EncodingArgumentAttribute.Names.Keys
            .Where(name => name.StartsWith(wordToComplete.Trim('\'', '"'), StringComparison.OrdinalIgnoreCase))
            .Select(name => new CompletionResult(name));
}
