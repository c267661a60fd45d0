using System;
using System.Linq;
using System.Management.Automation;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>Results keep their values when they are serialized, and look the same afterwards.</summary>
public class ViewTests
{
    public static readonly TheoryData<string, string, string[]> Types = new()
    {
        {
            "[EchoSocket.EchoConnection]@{ LocalEndPoint = '127.0.0.1:1'; RemoteEndPoint = '127.0.0.1:2'; StartTime = [datetime]'2026-01-02 03:04:05'; "
                + "Duration = [timespan]::FromMilliseconds(90061001); BytesReceived = 5000000000; BytesSent = 7; EndReason = 'PeerReset'; Detail = 'd' }",
            "EndReason Duration Received Sent RemoteEndPoint",
            ["PeerReset", "25.0", "h", "5000000000", "7", "127.0.0.1:2", "d"]
        },
        {
            "[EchoSocket.EchoReply]@{ Message = 'hi'; Reply = 'HI'; ByteCount = 2; RoundTripTime = [timespan]::FromTicks(12345); "
                + "LocalEndPoint = '127.0.0.1:1'; RemoteEndPoint = '127.0.0.1:2' }",
            "RoundTrip Message Reply RemoteEndPoint",
            ["1.23", "ms", "hi", "HI", "127.0.0.1:2"]
        },
        {
            "[EchoSocket.EchoPathReport]@{ ComputerName = 'host'; Port = 7; FailedStage = 'Echo'; Reason = 'reset'; Addresses = '127.0.0.1'; "
                + "ConnectTime = [timespan]::FromTicks(12345); EchoTime = [timespan]::Zero }",
            "Success Connect Echo Port ComputerName Problem",
            ["False", "1.23", "ms", "-", "7", "host", "Echo:", "reset"]
        },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_property_survives_serialization(string create, string headers, string[] values)
    {
        Assert.NotEmpty(headers);
        Assert.NotEmpty(values);
        using var engine = new Engine();
        var result = engine.Run(
            $"$before = {create}; $before; [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($before))");

        var (before, after) = (result.Output[0], result.Output[1]);
        Assert.StartsWith("Deserialized.", after.TypeNames[0], StringComparison.Ordinal);
        Assert.Equal(before.Properties.Select(p => p.Name).Order(), after.Properties.Select(p => p.Name).Order());
        foreach (var property in before.Properties)
            Assert.Equal(LanguagePrimitives.ConvertTo<string>(property.Value), LanguagePrimitives.ConvertTo<string>(after.Properties[property.Name].Value));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void The_table_is_the_same_before_and_after(string create, string headers, string[] values)
    {
        var host = new ScriptedHost();
        using var engine = new Engine(host);
        engine.Run($"$before = {create}; $before | Out-Default");
        var before = host.Text;
        engine.Run("[System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($before)) | Out-Default");

        Assert.Equal(before + before, host.Text);
        var lines = before.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(headers, string.Join(' ', lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(values, string.Join(' ', lines[2..]).Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Every_result_type_is_tested_here()
    {
        using var engine = new Engine();
        var types = engine.Run("(Get-Command -Module EchoSocket).OutputType.Name | Where-Object { $_ -like 'EchoSocket.*' }").Strings.Distinct();

        // A job is no data: of it PowerShell serializes only what is common to all jobs. JobTests looks at its view, and
        // StatisticsTextTests at that of a measurement, which is no table.
        Assert.All(types.Except(["EchoSocket.EchoServerJob", "EchoSocket.EchoStatistics"]), type => Assert.Contains(Types, row => row.Data.Item1.Contains($"[{type}]", StringComparison.Ordinal)));
    }
}
