using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;

namespace EchoSocket.Connecting;

/// <summary>
/// Resolves names. A look-up by the operating system may take many seconds and cannot be interrupted. So each look-up runs
/// on a background thread of its own, and a caller stops waiting at its deadline. The number of threads is bounded, and
/// callers that ask for the same name share a look-up. Thread-safe.
/// </summary>
internal sealed class NameResolver(Func<string, IPAddress[]> lookUp, int maxLookUps)
{
    private const int StackSize = 512 * 1024;

    private readonly object _gate = new(); // guards _running
    private readonly Dictionary<string, Task<NameResolution>> _running = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The operating system's resolver.</summary>
    public static NameResolver Default { get; } = new(Dns.GetHostAddresses, maxLookUps: 256);

    /// <summary>
    /// Resolves a name, or gives up at the deadline, in stopwatch ticks. An IP address resolves to itself.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public NameResolution Resolve(string name, long deadline, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(name, out var address))
            return new NameResolution([EndPoints.Unmap(address)]);

        while (true)
        {
            var (joined, running) = Join(name);
            if (Task.WaitAny(joined is null ? running : [joined], Clock.MillisecondsUntil(deadline), cancellation) < 0)
                return new NameResolution([], new TimeoutException(joined is null ? $"timed out waiting for {maxLookUps} other look-ups" : "timed out"));
            if (joined is not null)
                return joined.Result;
        }
    }

    // Joins the running look-up of this name, or starts one. If the maximum is running, returns all of them to wait for.
    private (Task<NameResolution>? Joined, Task[] Running) Join(string name)
    {
        lock (_gate)
        {
            if (_running.TryGetValue(name, out var running))
                return (running, []);
            if (_running.Count == maxLookUps)
                return (null, [.. _running.Values]);

            var result = new TaskCompletionSource<NameResolution>();
            new Thread(() => result.SetResult(LookUp(name)), StackSize) { IsBackground = true, Name = "EchoSocket name resolver" }.Start();
            _running[name] = result.Task;
            return (result.Task, []);
        }
    }

    private NameResolution LookUp(string name)
    {
        try
        {
            return new NameResolution(lookUp(name));
        }
        catch (Exception e)
        {
            return new NameResolution([], e); // unhandled on this thread, it would end the process
        }
        finally
        {
            lock (_gate)
                _running.Remove(name);
        }
    }
}
