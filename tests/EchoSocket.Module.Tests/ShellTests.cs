using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using Xunit;

namespace EchoSocket.Module.Tests;

public class ShellTests
{
    [Fact]
    public void The_first_example_runs_and_shows_replies_and_the_connection()
    {
        var result = Shell.Run(Path.Combine("examples", "first-echo.ps1"));

        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("HELLO, WORLD!", result.Output, StringComparison.Ordinal);
        Assert.Contains("STRAßE", result.Output, StringComparison.Ordinal);
        Assert.Contains("PeerClosed", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', result.Output); // no colours where there is no terminal
    }

    [Fact]
    public void The_example_of_measuring_runs_and_shows_both_loops()
    {
        var result = Shell.Run(Path.Combine("examples", "measure.ps1"));

        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("1,000 sent, 1,000 received, 0 lost", result.Output, StringComparison.Ordinal);
        Assert.Contains("200 sent, 200 received, 0 lost in 1.0", result.Output, StringComparison.Ordinal);
        Assert.Contains("4 connections, 32-byte messages, open loop at 200/s", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_prints_through_the_engines_formatter()
    {
        var result = Shell.Run("-Command", "Get-Module EchoSocket");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("ModuleType Version", result.Output, StringComparison.Ordinal);
        Assert.Contains("Enter-EchoSession", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'fine'", 0)]
    [InlineData("throw 'no'", 1)]
    [InlineData("Send-EchoMessage hi -Port 1", 1)]
    [InlineData("if (", 1)]
    [InlineData("exit 7", 7)]
    public void The_exit_code_tells_how_a_command_went(string command, int code)
    {
        var result = Shell.Run("-Command", command);

        Assert.Equal(code, result.ExitCode);
        Assert.Equal(code == 1, result.Error.Length > 0);
    }

    [Theory]
    [InlineData("'fine'", 0)]
    [InlineData("throw 'no'", 1)]
    [InlineData("Send-EchoMessage hi -Port 1", 1)]
    [InlineData("$ErrorActionPreference = 'Stop'; Send-EchoMessage hi -Port 1; 'not reached'", 1)]
    [InlineData("exit 7", 7)]
    [InlineData("if (", 1)]
    public void The_exit_code_tells_how_a_script_went(string script, int code)
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.ps1");
        File.WriteAllText(path, script);
        try
        {
            var result = Shell.Run(path);

            Assert.Equal(code, result.ExitCode);
            Assert.Equal(code == 1, result.Error.Length > 0);
            Assert.DoesNotContain("not reached", result.Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_script_gets_its_arguments()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.ps1");
        File.WriteAllText(path, "param($Name, [switch]$Fast, $Rest) \"$Name|$Fast|$Rest\"");
        try
        {
            Assert.Equal("a b|True|x", Shell.Run(path, "-Name", "a b", "-Rest:x", "-Fast").Output.Trim());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("nosuch.ps1", "nosuch.ps1")]
    [InlineData("-Frobnicate", "-Frobnicate")]
    [InlineData("-Command", "-Command")]
    public void What_it_does_not_understand_is_named(string argument, string named)
    {
        var result = Shell.Run(argument);

        Assert.Equal(64, result.ExitCode);
        Assert.Contains(named, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_prompt_runs_commands_until_exit_and_survives_their_errors()
    {
        using var shell = new Shell();
        shell.Type("6 * 7");
        shell.Type("if ($true) {");
        shell.Type("  'over two lines'");
        shell.Type("}");
        shell.Type("Send-EchoMessage hi -Port 1");
        shell.Type("throw 'thrown'");
        shell.Type("Start-EchoServer -Address 192.0.2.1 -Port 0 -Verbose");
        shell.Type("'still alive'");
        shell.Type("exit 5");
        var result = shell.End();

        Assert.Equal(5, result.ExitCode);
        Assert.Contains("42", result.Output, StringComparison.Ordinal);
        Assert.Contains("over two lines", result.Output, StringComparison.Ordinal);
        Assert.Contains("still alive", result.Output, StringComparison.Ordinal);
        Assert.Contains("connection was refused", result.Error, StringComparison.Ordinal);
        Assert.Contains("thrown", result.Error, StringComparison.Ordinal);
        Assert.Contains("192.0.2.1:0 can't be bound", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("function prompt { throw 'no prompt' }")]
    [InlineData("function prompt { $null }")]
    [InlineData("function f { f }; f")]
    public void Nothing_a_user_types_ends_the_prompt(string line)
    {
        using var shell = new Shell();
        shell.Type(line);
        shell.Type("'still alive'");
        var result = shell.End();

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("still alive", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interrupted_command_has_the_exit_code_of_an_interrupt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "needs kill(1)");
        using var shell = new Shell("-Command", "Start-EchoServer -Port 0 -Verbose");
        shell.Until(line => line.Contains("Listening", StringComparison.Ordinal));

        using (var kill = Process.Start("kill", ["-INT", $"{shell.Id}"]))
            kill.WaitForExit();

        Assert.Equal(130, shell.End().ExitCode);
    }

    [Fact]
    public void A_session_reads_its_lines_from_the_console()
    {
        using var server = new BackgroundServer();
        using var shell = new Shell("-Command", $"Enter-EchoSession -Port {server.Port}");
        shell.Type("hello");
        shell.Type("");
        shell.Type("exit");

        Assert.Equal($">>>: HELLO{Environment.NewLine}>>>: >>>: ", shell.End().Output);
    }

    [Fact]
    public void Interrupting_stops_the_command_and_not_the_shell()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "needs kill(1)");
        using var peer = new ScriptedServer(client => client.ReadEnd());
        using var shell = new Shell();
        shell.Type($"Enter-EchoSession -Port {peer.Port}; 'not reached'");
        peer.Connected.Get(); // the command runs, and waits for a line

        using (var kill = Process.Start("kill", ["-INT", $"{shell.Id}"]))
            kill.WaitForExit();
        peer.Done.Get();
        shell.Type("'still alive'");
        var result = shell.End();

        Assert.Contains("still alive", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("not reached", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public void A_long_pipeline_keeps_nothing_of_what_went_through_it()
    {
        // In a process of its own, so that nobody else's memory is counted.
        using var server = new BackgroundServer();
        var result = Shell.Run("-Command",
            $$"""
            $message = 'x' * 32
            & { for ($i = 0; $i -lt 40000; $i++) { $message } } | Send-EchoMessage -Port {{server.Port}} | ForEach-Object { $n = 0 } {
                if (++$n % 10000 -eq 0) { [GC]::GetTotalMemory($true) }
            }
            """);

        Assert.Equal("", result.Error);
        var marks = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(m => long.Parse(m, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(4, marks.Length);
        Assert.InRange(marks[3] - marks[1], long.MinValue, 1024 * 1024); // 20,000 replies alone would be 1.8 MB
    }
}
