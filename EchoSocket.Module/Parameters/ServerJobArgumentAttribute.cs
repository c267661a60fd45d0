using System;
using System.Collections;
using System.Linq;
using System.Management.Automation;
using System.Runtime.CompilerServices;

namespace EchoSocket;

/// <summary>Lets a server job stand for its address and port where a computer's name is expected. Thread-safe.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ServerJobArgumentAttribute : ArgumentTransformationAttribute
{
    // The parameter is a string, which has no place for a port. So a job becomes a string object of its own, and the job is
    // found by that object; an equal string from elsewhere is another object.
    private static readonly ConditionalWeakTable<string, EchoServerJob> Jobs = new();

    /// <summary>The port of the job that a name came from; null if it came from no job.</summary>
    public static int? Port(string name) => Jobs.TryGetValue(name, out var job) ? job.Port : null;

    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => Base(inputData) switch
    {
        EchoServerJob job => Name(job),
        IList list => list.Cast<object>().Select(item => Base(item) is EchoServerJob job ? Name(job) : item).ToArray(),
        _ => inputData,
    };

    private static object? Base(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;

    private static string Name(EchoServerJob job)
    {
        var name = new string(job.ComputerName.ToCharArray());
        Jobs.Add(name, job);
        return name;
    }
}
