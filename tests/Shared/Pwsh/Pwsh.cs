using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;

namespace EchoSocket.Tests;

/// <summary>The pinned PowerShell, as a process of its own.</summary>
internal static class Pwsh
{
    private static readonly string Program = Path.Combine(
        typeof(Pwsh).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Pwsh").Value!,
        OperatingSystem.IsWindows() ? "win" : "unix",
        "pwsh.dll");

    /// <summary>Runs without a profile, and connects to nothing by itself.</summary>
    public static ProcessStartInfo StartInfo(params string[] arguments) =>
        new("dotnet", [Program, "-NoProfile", "-NonInteractive", .. arguments])
        {
            Environment = { ["POWERSHELL_TELEMETRY_OPTOUT"] = "1", ["POWERSHELL_UPDATECHECK"] = "Off" },
        };
}
