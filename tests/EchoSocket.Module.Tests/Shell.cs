using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;

namespace EchoSocket.Module.Tests;

/// <summary>The shell as a process of its own.</summary>
internal sealed class Shell : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    public Shell(params string[] arguments)
    {
        // The shell is built to the same configuration and framework as these tests.
        var built = AppContext.BaseDirectory.Replace(
            Path.Combine("tests", "EchoSocket.Module.Tests"), Path.Combine("src", "EchoSocket.Shell"), StringComparison.Ordinal);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(built, "EchoSocket.Shell.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Engine.Root,
            Environment = { ["MSBUILDDISABLENODEREUSE"] = "1" }, // build processes that stay would keep our pipes open
        };
        _process = Process.Start(start)!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public static ShellResult Run(params string[] arguments)
    {
        using var shell = new Shell(arguments);
        return shell.End();
    }

    public void Type(string line) => _process.StandardInput.WriteLine(line);

    /// <summary>Ends its input and waits for its end.</summary>
    public ShellResult End()
    {
        _process.StandardInput.Close();
        _process.WaitForExitAsync().Get(TimeSpan.FromSeconds(120));
        return new ShellResult(_process.ExitCode, _output.Get(), _error.Get());
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}

internal sealed record ShellResult(int ExitCode, string Output, string Error);
