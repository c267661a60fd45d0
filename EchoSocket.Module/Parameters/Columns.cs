using System;
using System.Collections;
using System.Linq;
using System.Management.Automation;
using System.Reflection;
using EchoSocket.Commands;

namespace EchoSocket;

/// <summary>The properties by which an input object names its server and its message.</summary>
internal static class Columns
{
    /// <summary>The parameter's name and its aliases, in the order in which PowerShell looks for them.</summary>
    public static readonly string[] ComputerName = NamesOf(nameof(EchoTargetCommand.ComputerName));

    public static readonly string[] Port = NamesOf(nameof(EchoTargetCommand.Port));

    public static readonly string[] Message = [nameof(SendEchoMessageCommand.Message)];

    /// <summary>A column with its other names, for a message to the user.</summary>
    public static string Text(string[] names) => names.Length == 1 ? names[0] : $"{names[0]} (or {string.Join(", ", names.Skip(1))})";

    /// <summary>The property that PowerShell binds to a parameter with these names; null if the object has none.</summary>
    public static PSPropertyInfo? Find(PSObject value, string[] names) =>
        names.Select(name => value.Properties[name]).FirstOrDefault(property => property is not null);

    /// <summary>What an object is, for a message that refuses it.</summary>
    public static string Describe(object value)
    {
        var instance = PSObject.AsPSObject(value);
        return instance.BaseObject switch
        {
            PSCustomObject => $"An object with the properties {TerminalText.EscapeControls(string.Join(", ", instance.Properties.Select(p => p.Name)))}",
            IDictionary => "A hashtable",
            IFormattable or IConvertible and not DBNull => $"{LanguagePrimitives.ConvertTo<string>(instance)} ({instance.TypeNames[0]})",
            _ => $"An object of type {instance.TypeNames[0]}",
        };
    }

    private static string[] NamesOf(string parameter) =>
        [parameter, .. typeof(EchoTargetCommand).GetProperty(parameter)!.GetCustomAttribute<AliasAttribute>()!.AliasNames];
}
