using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Reflection;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>The queue from a server's thread to the pipeline, by itself.</summary>
public sealed class PipelineQueueTests : IDisposable
{
    private const int Capacity = 10_000;

    private readonly Engine _engine = new();
    private readonly object _queue;
    private readonly Recorder _written = (Recorder)DispatchProxy.Create<ICommandRuntime, Recorder>();

    // Created by reflection: the tests do not reference the module, but import it as a user does.
    public PipelineQueueTests() =>
        _queue = _engine.Run("[Activator]::CreateInstance([EchoSocket.EchoServerJob].Assembly.GetType('EchoSocket.PipelineQueue'))").Output.Single().BaseObject;

    public void Dispose() => _engine.Dispose();

    [Fact]
    public void A_queue_is_full_at_its_capacity_of_results_and_still_drops_none()
    {
        var results = _engine.Run($"1..{Capacity + 1} | ForEach-Object {{ [EchoSocket.EchoConnection][EchoSocket.ConnectionResult]@{{ BytesSent = $_ }} }}").Output;
        for (var i = 0; i < Capacity; i++)
        {
            Assert.Equal(false, Call("get_IsFull"));
            Call("WriteResult", results[i].BaseObject);
        }

        Assert.Equal(true, Call("get_IsFull"));
        Call("WriteResult", results[Capacity].BaseObject);
        Call("Complete");
        Call("Drain", Output());

        Assert.Equal(results.Select(r => r.BaseObject), _written.Calls.Select(c => c.Argument));
        Assert.Equal(false, Call("get_IsFull"));
    }

    [Fact]
    public void Verbose_messages_beyond_the_capacity_are_counted_and_results_and_warnings_are_kept()
    {
        var result = _engine.Run("[EchoSocket.EchoConnection][EchoSocket.ConnectionResult]@{}").Output.Single().BaseObject;
        Call("WriteResult", result);
        for (var i = 0; i < Capacity + 3; i++)
            Call("WriteVerbose", $"{i}");
        Assert.Equal(false, Call("get_IsFull"));
        Call("WriteWarning", "careful");
        Call("WriteResult", result);
        Call("Complete");

        Call("Drain", Output());

        Assert.Equal(
            [
                ("WriteObject", result), .. Enumerable.Range(0, Capacity).Select(i => ("WriteVerbose", (object)$"{i}")),
                ("WriteWarning", "careful"), ("WriteObject", result), ("WriteVerbose", "(3 messages more than could be shown)"),
            ],
            _written.Calls);
    }

    [Fact]
    public void Items_that_come_while_the_queue_is_drained_are_written_until_it_is_complete()
    {
        var draining = Bounded.Start(() => Call("Drain", Output()));
        foreach (var text in new[] { "one", "two" })
        {
            Call("WriteWarning", text);
            Bounded.Until(() => _written.Calls.Contains(("WriteWarning", text)));
        }

        Assert.False(draining.IsCompleted);
        Call("Complete");
        draining.Get();
    }

    private object? Call(string method, params object[] arguments) =>
        _queue.GetType().GetMethod(method)!.Invoke(_queue, arguments);

    private object Output() => Activator.CreateInstance(
        _queue.GetType().Assembly.GetType("EchoSocket.PipelineOutput")!, new Sink { CommandRuntime = (ICommandRuntime)(object)_written })!;

    private sealed class Sink : PSCmdlet;

    public class Recorder : DispatchProxy
    {
        private readonly List<(string Method, object Argument)> _calls = [];

        public (string Method, object Argument)[] Calls
        {
            get
            {
                lock (_calls)
                    return [.. _calls];
            }
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            lock (_calls)
                _calls.Add((targetMethod!.Name, args![0]!));
            return null;
        }
    }
}
