using System;
using System.Globalization;
using System.Linq;
using System.Management.Automation;

namespace EchoSocket.Module.Tests;

/// <summary>A server started with the cmdlet, on a free port, in a runspace of its own.</summary>
internal sealed class BackgroundServer : IDisposable
{
    private readonly Engine _engine = new();

    public BackgroundServer(string parameters = "")
    {
        Running = _engine.Begin($"Start-EchoServer -Port 0 -Verbose {parameters}");
        Running.Until(r => r.Verbose.Count > 0);
        var words = Running.Verbose[0].TrimEnd('.');
        Port = int.Parse(words[(words.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture);
    }

    public Running Running { get; }

    public int Port { get; }

    /// <summary>Waits for the end of the one connection.</summary>
    public PSObject Connection() => Running.End().Output.Single();

    public void Dispose()
    {
        Running.Dispose();
        _engine.Dispose();
    }
}
