using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>A program that runs as a peer. It is skipped by name where it is not installed, and ended with the test.</summary>
internal sealed class PeerProgram : IDisposable
{
    private readonly Process _process;
    private readonly BlockingCollection<string> _lines = [];

    public PeerProgram(string name, params string[] arguments)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        Assert.SkipUnless(folders.Any(folder => File.Exists(Path.Combine(folder, name))), $"{name} is not installed");
        _process = Process.Start(new ProcessStartInfo(name, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.OutputDataReceived += (_, e) => _lines.Add(e.Data ?? "");
        _process.ErrorDataReceived += (_, e) => _lines.Add(e.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public void Write(string text)
    {
        _process.StandardInput.Write(text);
        _process.StandardInput.Flush();
    }

    /// <summary>Reads lines of its output, and of its errors, until one of them is this one, and none is the other.</summary>
    public void ReadUntil(string line, string? but = null)
    {
        var read = new List<string>();
        while (_lines.TryTake(out var next, Bounded.Limit))
        {
            if (next == line)
                return;
            Assert.NotEqual(but, next);
            read.Add(next);
        }

        Assert.Fail($"'{line}' did not come, but: {string.Join(" | ", read)}");
    }

    /// <summary>The number in its next line.</summary>
    public int ReadNumber()
    {
        Assert.True(_lines.TryTake(out var line, Bounded.Limit), "The program writes nothing.");
        return int.Parse(line, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Ends the program's input, and waits until it has ended.</summary>
    public void Close()
    {
        _process.StandardInput.Close();
        Assert.True(_process.WaitForExit(Bounded.Limit), "The program does not end.");
    }

    public void WaitForExit() => Assert.True(_process.WaitForExit(Bounded.Limit), "The program does not end.");

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    /// <summary>A port that nothing listens on.</summary>
    public static string FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
