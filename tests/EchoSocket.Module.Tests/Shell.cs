using System;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Module.Tests;

/// <summary>The shell as a process of its own.</summary>
internal sealed class Shell : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    public Shell(params string[] arguments)
        : this([Assembly, .. arguments], "dotnet")
    {
    }

    public Shell(string[] arguments, string program)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Engine.Root,
            Environment = { ["MSBUILDDISABLENODEREUSE"] = "1" }, // build processes that stay would keep our pipes open
        };
        _process = Process.Start(start)!;
        Output = Read(_process.StandardOutput, _output);
        Error = Read(_process.StandardError, _error);
    }

    /// <summary>The shell is built to the same configuration and framework as these tests.</summary>
    public static string Assembly { get; } = Path.Combine(
        AppContext.BaseDirectory.Replace(
            Path.Combine("tests", "EchoSocket.Module.Tests"), Path.Combine("src", "EchoSocket.Shell"), StringComparison.Ordinal),
        "EchoSocket.Shell.dll");

    private Task Output { get; }

    private Task Error { get; }

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
        Output.Get();
        Error.Get();
        return new ShellResult(_process.ExitCode, $"{_output}", $"{_error}");
    }

    /// <summary>Waits for a line, of either stream, and returns it.</summary>
    public string Until(Predicate<string> wanted)
    {
        lock (_output)
        {
            while (true)
            {
                if (Array.Find([.. WholeLines(_output), .. WholeLines(_error)], wanted) is { } line)
                    return line;
                if (!Monitor.Wait(_output, Bounded.Limit))
                    throw new TimeoutException($"{_output}{_error}");
            }
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private static string[] WholeLines(StringBuilder text) => $"{text}".Split('\n')[..^1];

    private Task Read(StreamReader reader, StringBuilder text) => Bounded.Start(() =>
    {
        var buffer = new char[4096];
        while (reader.Read(buffer) is > 0 and var count)
        {
            lock (_output)
            {
                text.Append(buffer, 0, count);
                Monitor.PulseAll(_output);
            }
        }
    });
}

internal sealed record ShellResult(int ExitCode, string Output, string Error);
