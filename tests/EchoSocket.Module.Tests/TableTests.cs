using System;
using System.Linq;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>Tables on a host's own screen; what they show is tested in Pester.</summary>
public class TableTests
{
    [Theory]
    [InlineData(80, "Echo: answered", "something else; the", "first wrong byte is at", "offset 12 of 64")]
    [InlineData(132, "Echo: answered something else; the first wrong", "byte is at offset 12 of 64")]
    [InlineData(200, "Echo: answered something else; the first wrong byte is at offset 12 of 64")]
    public void A_reason_is_broken_between_words_at_the_width_of_the_screen(int width, params string[] expected)
    {
        var host = new ScriptedHost { Width = width };
        using var engine = new Engine(host);

        engine.Run("[EchoSocket.PathReport]@{ FailedStage = 'Echo'; Reason = 'answered something else; the first wrong byte is at offset 12 of 64' } | Out-Default");

        var lines = host.Text.Split('\n').ToList();
        var start = lines.Find(l => l.Contains("Problem", StringComparison.Ordinal))!.IndexOf("Problem", StringComparison.Ordinal);
        Assert.Equal(expected, lines.Where(l => l.Length > start).Skip(2).Select(l => l[start..].Trim()));
    }
}
