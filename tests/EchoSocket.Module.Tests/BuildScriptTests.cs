using System;
using System.IO;
using System.Linq;
using Xunit;

namespace EchoSocket.Module.Tests;

public class BuildScriptTests
{
    [Fact]
    public void Package_lays_out_a_module_that_imports_from_where_it_was_put()
    {
        var result = Shell.Run("build.ps1", "-Task", "Package");

        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        var packages = Path.Combine(Engine.Root, "out", "EchoSocket");
        var package = Directory.GetDirectories(packages).Single(d => result.Output.Contains(d, StringComparison.Ordinal));
        var imported = Shell.Run(
            "-Command", $"Remove-Module EchoSocket; Import-Module '{package}/EchoSocket.psd1'; (Get-Module EchoSocket).ModuleBase; (Get-Help Send-EchoMessage).Synopsis");
        Assert.Equal("", imported.Error);
        Assert.StartsWith(package, imported.Output, StringComparison.Ordinal);
        Assert.Contains("returns the replies", imported.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_that_does_not_exist_is_refused()
    {
        var result = Shell.Run("build.ps1", "-Task", "Nonsense");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Nonsense", result.Error, StringComparison.Ordinal);
    }
}
