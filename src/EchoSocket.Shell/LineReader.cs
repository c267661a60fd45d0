using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Win32.SafeHandles;

namespace EchoSocket.Shell;

/// <summary>
/// Lines of standard input, with a wait that can be given up. A read can't be: it stays, and the next line asked for is
/// the one it brings.
/// </summary>
internal sealed class LineReader
{
    private readonly Lazy<TextReader> _input = new(Open);
    private Task<string?>? _pending;

    public string? ReadLine(CancellationToken cancellation)
    {
        _pending ??= Task.Factory.StartNew(
            () => _input.Value.ReadLine(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _pending.Wait(cancellation);
        cancellation.ThrowIfCancellationRequested(); // the line that came meanwhile is for whoever reads next
        var line = _pending.Result;
        _pending = null;
        return line;
    }

    // On a Unix terminal the line is left to the terminal itself (termios(3), canonical mode): it edits, and on Ctrl+C it
    // discards what was typed. Console.In would keep that for the next line.
    private static TextReader Open() =>
        Console.IsInputRedirected || OperatingSystem.IsWindows()
            ? Console.In
            : new StreamReader(new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0), Console.InputEncoding);
}
