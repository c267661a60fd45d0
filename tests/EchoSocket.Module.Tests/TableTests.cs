using System;
using System.Linq;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>Tables on a host's own screen; what they show is tested in Pester.</summary>
public class TableTests
{
    [Theory]
    [InlineData(60, "a-long-name.of-a-computer.", "somewhere.example.com", "Echo: answered something", "else; the first wrong byte", "is at offset 12 of 64")]
    [InlineData(80, "a-long-name.of-a-computer.somewhere.example.com", "Echo: answered something else; the first wrong", "byte is at offset 12 of 64")]
    [InlineData(132, "a-long-name.of-a-computer.somewhere.example.com", "Echo: answered something else; the first wrong byte is at offset 12 of 64")]
    public void A_name_and_a_reason_are_broken_between_words_at_the_width_of_the_screen(int width, params string[] expected)
    {
        var host = new ScriptedHost { Width = width };
        using var engine = new Engine(host);

        engine.Run("[EchoSocket.EchoPathReport][EchoSocket.PathReport]@{ ComputerName = 'a-long-name.of-a-computer.somewhere.example.com'; FailedStage = 'Echo'; Reason = 'answered something else; the first wrong byte is at offset 12 of 64' } | Out-Default");

        var lines = host.Text.Split('\n').ToList();
        var start = lines.Find(l => l.Contains("ComputerName", StringComparison.Ordinal))!.IndexOf("ComputerName", StringComparison.Ordinal);
        Assert.Equal(expected, lines.Where(l => l.Length > start).Skip(2).Select(l => l[start..].Trim()));
    }
}
