using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Net.NetworkInformation;
using System.Threading;
using EchoSocket.Tests;

namespace EchoSocket.Benchmarks;

/// <summary>A contender's server in a process of its own, which ends with this one.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const int StartTimeoutMilliseconds = 30_000;

    private readonly Process _process;

    public ServerProcess(string name)
        : this(name, Servers.StartInfo(name))
    {
    }

    public ServerProcess(string name, ProcessStartInfo start, bool udp = false)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        _process = Process.Start(start)!;
        Port = int.Parse(_process.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
        if (!SpinWait.SpinUntil(() => IsListening(udp), StartTimeoutMilliseconds))
            throw new TimeoutException($"The {name} server does not listen on port {Port}.");
    }

    public int Port { get; }

    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The working set (resident memory) in bytes.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts this program as the server with this name.</summary>
    public static ProcessStartInfo Own(string name) => new("dotnet", [typeof(ServerProcess).Assembly.Location, "serve", name]);

    /// <summary>A command in PowerShell that starts a server in the background and writes its port.</summary>
    public static ProcessStartInfo InPowerShell(string command) =>
        Pwsh.StartInfo("-Command", $"Import-Module '{Module.Manifest}'\n{command}\n$null = [Console]::In.ReadToEnd()");

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>The child's side: serves until the parent is gone.</summary>
    public static int Serve(Action<Action<int>> serve)
    {
        var serving = new Thread(() => serve(Console.WriteLine)) { IsBackground = true };
        serving.Start();
        Console.In.ReadToEnd();
        return 0;
    }

    private bool IsListening(bool udp)
    {
        if (_process.HasExited)
            throw new InvalidOperationException("The server ended.");
        var system = IPGlobalProperties.GetIPGlobalProperties();
        return (udp ? system.GetActiveUdpListeners() : system.GetActiveTcpListeners()).Any(e => e.Port == Port);
    }
}
