using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Module.Tests;

/// <summary>A runspace of the real engine that has imported the manifest, as a user's session does.</summary>
internal sealed class Engine : IDisposable
{
    private readonly Runspace _runspace;

    public Engine(PSHost? host = null)
    {
        var state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
            state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.Bypass;
        state.ImportPSModule(Manifest);
        _runspace = host is null ? RunspaceFactory.CreateRunspace(state) : RunspaceFactory.CreateRunspace(host, state);
        _runspace.Open();
    }

    public static string Root { get; } = FindRoot();

    public static string Manifest { get; } = Path.Combine(Root, "EchoSocket.psd1");

    /// <summary>Runs a script to its end, with these arguments in <c>$args</c>.</summary>
    public Result Run(string script, params object[] arguments)
    {
        using var running = Begin(script, arguments);
        return running.End();
    }

    /// <summary>Runs a statement that an error must end, and returns the error.</summary>
    public ErrorRecord Terminating(string statement, params object[] arguments)
    {
        var result = Run($"try {{ {statement}; 'nothing ended it' }} catch {{ $_ }}", arguments);
        return (ErrorRecord)result.Output[^1].BaseObject;
    }

    public Running Begin(string script, params object[] arguments) => new(_runspace, script, arguments);

    public void Dispose() => _runspace.Dispose();

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "EchoSocket.psd1")))
            folder = folder.Parent ?? throw new FileNotFoundException("EchoSocket.psd1");
        return folder.FullName;
    }
}

/// <summary>What a script wrote, and what ended it if anything did.</summary>
internal sealed record Result(IReadOnlyList<PSObject> Output, IReadOnlyList<ErrorRecord> Errors, IReadOnlyList<string> Verbose, RuntimeException? Ended)
{
    public IReadOnlyList<ProgressRecord> Progress { get; init; } = [];

    public string[] Strings => [.. Output.Select(o => (string)o.BaseObject)];

    /// <summary>The one error.</summary>
    public ErrorRecord Error => Errors.Single();
}

internal static class ErrorRecordExtensions
{
    /// <summary>The error's id without the cmdlet's name.</summary>
    public static string Id(this ErrorRecord error) => error.FullyQualifiedErrorId.Split(',')[0];
}

/// <summary>A script that runs in the background.</summary>
internal sealed class Running : IDisposable
{
    private readonly PowerShell _shell;
    private readonly PSDataCollection<PSObject> _output = [];
    private readonly Task _done;

    public Running(Runspace runspace, string script, object[] arguments)
    {
        _shell = PowerShell.Create(runspace).AddScript(script);
        foreach (var argument in arguments)
            _shell.AddArgument(argument);
        _output.DataAdded += (_, _) => Signal();
        _shell.Streams.Verbose.DataAdded += (_, _) =>
        {
            OnVerbose?.Invoke();
            Signal();
        };
        _done = Task.Factory.FromAsync(_shell.BeginInvoke<PSObject, PSObject>(null, _output), _shell.EndInvoke);
        _done.ContinueWith(_ => Signal(), TaskScheduler.Default);
    }

    /// <summary>Called on the pipeline thread for each verbose message.</summary>
    public Action? OnVerbose { get; set; }

    public bool IsStopping => _shell.InvocationStateInfo.State == PSInvocationState.Stopping;

    public IReadOnlyList<PSObject> Output => Snapshot(_output);

    public IReadOnlyList<string> Verbose => [.. Snapshot(_shell.Streams.Verbose).Select(v => v.Message)];

    /// <summary>Waits until the condition holds; it is asked whenever the script wrote something, and when it ended.</summary>
    public void Until(Func<Running, bool> condition)
    {
        var deadline = DateTime.UtcNow + Bounded.Limit;
        lock (_done)
        {
            while (!condition(this))
            {
                if (_done.IsCompleted && !condition(this))
                    throw new InvalidOperationException($"The script ended: {_done.Exception?.InnerException?.Message}");
                if (!Monitor.Wait(_done, deadline - DateTime.UtcNow is { Ticks: > 0 } left ? left : TimeSpan.Zero) && DateTime.UtcNow >= deadline)
                    throw new TimeoutException();
            }
        }
    }

    public Result End(TimeSpan? limit = null)
    {
        RuntimeException? ended = null;
        try
        {
            _done.Get(limit);
        }
        catch (RuntimeException e)
        {
            ended = e;
        }

        return new Result(Output, Snapshot(_shell.Streams.Error), Verbose, ended) { Progress = Snapshot(_shell.Streams.Progress) };
    }

    /// <summary>What Ctrl+C does.</summary>
    public void Stop() => Bounded.Start(_shell.Stop).Get(Bounded.Promptly);

    public void Dispose()
    {
        Bounded.Start(_shell.Stop).Get();
        _shell.Dispose();
    }

    // Other threads may add to the stream, but none removes.
    private static List<T> Snapshot<T>(PSDataCollection<T> stream)
    {
        var count = stream.Count;
        return [.. Enumerable.Range(0, count).Select(i => stream[i])];
    }

    private void Signal()
    {
        // An event may come during the constructor, before the task exists.
        if (_done is not { } done)
            return;

        lock (done)
            Monitor.PulseAll(done);
    }
}
