using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Tests;
using Xunit;

namespace EchoSocket.Pester.Tests;

public class PesterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>Each Pester test is a row, so that each is a result of its own.</summary>
    [Theory]
    [MemberData(nameof(RunAsync), DisableDiscoveryEnumeration = true)]
    public void Passes(string result, string message) => Assert.True(result == "Passed", $"{result}: {message}");

    public static async Task<IEnumerable<ITheoryDataRow>> RunAsync()
    {
        var path = Path.GetTempFileName();
        try
        {
            var (exitCode, output) = await RunPwshAsync(
                "-File", Path.Combine(Metadata("Root"), "tests", "Pester", "Invoke-Tests.ps1"), "-ResultPath", path);
            var results = new FileInfo(path).Length == 0 ? [] : JsonSerializer.Deserialize<Result[]>(await File.ReadAllTextAsync(path))!;
            if (exitCode != 0 && results.All(r => r.Outcome is "Passed" or "Skipped"))
                throw new InvalidOperationException($"Invoke-Tests.ps1 ended with exit code {exitCode}:\n{output}");
            return results.Select(r => new TheoryDataRow<string, string>(r.Outcome, r.Message)
            {
                TestDisplayName = r.Name,
                Label = "", // the name alone, without the arguments
                Skip = r.Outcome == "Skipped" ? r.Message : null,
            });
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task<(int ExitCode, string Output)> RunPwshAsync(params string[] arguments)
    {
        var start = Pwsh.StartInfo(arguments);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.Environment["NUGET_PACKAGES"] = Metadata("Packages"); // where Pester was restored to
        start.Environment["NO_COLOR"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1"; // build processes that stay would keep our pipe open
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"Invoke-Tests.ps1 still ran after {Limit}:\n{await output}");
        }

        return (process.ExitCode, await output);
    }

    private static string Metadata(string key) =>
        typeof(PesterTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;

    private sealed record Result(string Name, [property: System.Text.Json.Serialization.JsonPropertyName("Result")] string Outcome, string Message);
}
