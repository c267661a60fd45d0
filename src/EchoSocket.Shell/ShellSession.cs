using System;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Threading;

namespace EchoSocket.Shell;

/// <summary>A runspace of the engine with the module imported, on this process's console.</summary>
internal sealed class ShellSession : IDisposable
{
    public const int UsageError = 64;
    private const int Failed = 1;
    private const int Interrupted = 130;

    private readonly ShellHost _host;
    private readonly Runspace _runspace;
    private readonly Lock _gate = new();
    private PowerShell? _running;
    private bool _interrupted;

    public ShellSession()
    {
        _host = new ShellHost();
        var state = InitialSessionState.CreateDefault2();
        state.ThreadOptions = PSThreadOptions.UseCurrentThread;
        if (OperatingSystem.IsWindows())
            state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.Bypass;
        state.ImportPSModule(FindManifest());
        _runspace = RunspaceFactory.CreateRunspace(_host, state);
        _runspace.Open();
        Runspace.DefaultRunspace = _runspace;
        Console.CancelKeyPress += OnCancel;
    }

    public int? ExitCode => _host.ExitCode;

    /// <summary>Runs a command to its end, showing what it writes. Returns the exit code it stands for.</summary>
    public int Run(Action<PowerShell> command)
    {
        using var shell = PowerShell.Create(_runspace);
        command(shell);
        shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        shell.AddCommand("Out-Default");
        Begin(shell);
        try
        {
            shell.Invoke(null, new PSInvocationSettings { AddToHistory = true });
            if (shell.InvocationStateInfo.State == PSInvocationState.Stopped)
                return Interrupted;
            return _host.ExitCode ?? Outcome(shell);
        }
        catch (PipelineStoppedException)
        {
            return Interrupted;
        }
        catch (Exception e) when (e is IContainsErrorRecord)
        {
            Show(e);
            return Failed;
        }
        finally
        {
            End();
        }
    }

    /// <summary>The prompt of the user's own prompt function.</summary>
    public string Prompt()
    {
        using var shell = PowerShell.Create(_runspace);
        Begin(shell);
        try
        {
            return shell.AddCommand("prompt").Invoke() is [{ } prompt, ..] ? prompt.ToString() : "PS> ";
        }
        catch (Exception e) when (e is IContainsErrorRecord)
        {
            return "PS> "; // as pwsh where the prompt function fails
        }
        finally
        {
            End();
        }
    }

    /// <summary>A line from the console; null at its end, and empty where Ctrl+C discarded it.</summary>
    public string? ReadLine()
    {
        Begin(null);
        try
        {
            return _host.Console.ReadLine();
        }
        catch (PipelineStoppedException)
        {
            _host.Console.WriteLine();
            return "";
        }
        finally
        {
            End();
        }
    }

    public void Write(string text) => _host.Console.Write(text);

    public void Dispose()
    {
        Console.CancelKeyPress -= OnCancel;
        _runspace.Dispose();
    }

    // A script's "exit 3" counts, and otherwise whether the last statement succeeded.
    private int Outcome(PowerShell shell)
    {
        if (shell.HadErrors && _runspace.SessionStateProxy.GetVariable("LASTEXITCODE") is int code and not 0)
            return code;
        return _runspace.SessionStateProxy.GetVariable("?") is false ? Failed : 0;
    }

    // An error that ended a command is shown to nobody but its caller.
    private void Show(Exception error)
    {
        if (error is ParseException)
        {
            _host.Console.WriteErrorLine(error.Message);
            return;
        }

        using var shell = PowerShell.Create(_runspace);
        using (_host.Console.ToStandardError())
            shell.AddCommand("Out-Default").AddParameter("InputObject", ((IContainsErrorRecord)error).ErrorRecord).Invoke();
    }

    private void Begin(PowerShell? shell)
    {
        lock (_gate)
        {
            _running = shell;
            _interrupted = false;
            _host.Console.Interruption = new CancellationTokenSource();
        }
    }

    private void End()
    {
        lock (_gate)
        {
            _running = null;
            _host.Console.Interruption = null;
        }
    }

    private void OnCancel(object? sender, ConsoleCancelEventArgs e)
    {
        // The first Ctrl+C ends the command. A second one, where a command won't end, ends the process as usual.
        lock (_gate)
        {
            e.Cancel = !_interrupted || _running is null;
            _interrupted = true;
            _host.Console.Interruption?.Cancel();
            _running?.BeginStop(null, null);
        }
    }

    private static string FindManifest()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var manifest = Path.Combine(folder.FullName, "EchoSocket.psd1");
            if (File.Exists(manifest))
                return manifest;
        }

        throw new FileNotFoundException($"EchoSocket.psd1 is in none of the folders above {AppContext.BaseDirectory}; run the shell from a checkout.");
    }
}
