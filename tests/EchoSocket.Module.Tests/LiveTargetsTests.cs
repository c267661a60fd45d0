using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>The lines of a live display, by themselves.</summary>
public sealed class LiveTargetsTests : IDisposable
{
    private readonly Engine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Fact]
    public void A_line_has_the_name_the_last_round_trip_the_losses_and_a_sparkline()
    {
        var lines = Lines("server1:7", [1, 1, null, 1.2, 2, 20], 60, 5);

        Assert.Equal(["server1:7  20.0 ms  16.7% ▁▁×▁▂█"], lines);
    }

    [Fact]
    public void Without_Unicode_it_is_ASCII() =>
        Assert.Equal(["server1:7  20.0 ms  16.7% __X_.#"], Lines("server1:7", [1, 1, null, 1.2, 2, 20], 60, 5, unicode: false));

    [Fact]
    public void A_target_without_a_reply_is_marked_and_one_without_a_probe_is_empty()
    {
        Assert.Equal(["server1:7     lost   100% ××"], Lines("server1:7", [null, null], 60, 5));
        Assert.Equal(["server1:7        -      -"], Lines("server1:7", [], 60, 5));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(40)]
    [InlineData(30)]
    [InlineData(20)]
    [InlineData(10)]
    [InlineData(3)]
    [InlineData(1)]
    public void No_line_is_longer_than_a_narrow_window(int width)
    {
        var lines = Lines(string.Join(' ', "a-long-name.of-a-computer.example.com:65535", "b:1", "c:1", "d:1"), [.. Enumerable.Repeat<double?>(1, 300)], width, 3);

        Assert.Equal(3, lines.Length);
        Assert.All(lines, l => Assert.InRange(l.Length, 1, width));
    }

    [Fact]
    public void The_newest_round_trips_are_shown_as_many_as_fit()
    {
        var times = Enumerable.Repeat<double?>(1, 500).Append(100);

        var line = Lines("server1:7", [.. times], 40, 5)[0];

        Assert.Equal(40, line.Length);
        Assert.EndsWith("▁▁█", line, StringComparison.Ordinal);
    }

    [Fact]
    public void If_not_all_fit_those_without_a_reply_come_first_and_the_others_are_counted()
    {
        var targets = Create("a:1 b:1 c:1 d:1 e:1");
        foreach (var (target, time) in new (int, double?)[] { (0, 1), (1, 1), (2, null), (3, 1), (4, null) })
            Add(targets, target, time);

        Assert.Equal(
            ["c:1     lost   100% ×", "e:1     lost   100% ×", "3 more targets, 0 of them without a reply"], Lines(targets, 60, 3, true));
        Assert.Equal(["5 more targets, 2 of them without a reply"], Lines(targets, 60, 1, true));
        Assert.Equal(5, Lines(targets, 60, 5, true).Length);
    }

    [Fact]
    public void Wide_characters_of_a_name_count_as_two_columns() =>
        Assert.Equal("例例例:7  1.00 ms   0.0% ▁", Lines("例例例:7", [1], 60, 5)[0]);

    [Fact]
    public void What_a_name_could_do_to_the_terminal_is_escaped() =>
        Assert.DoesNotContain('\x1b', Lines("a\x1b[2J:7", [1], 60, 5)[0]);

    private string[] Lines(string names, double?[] times, int width, int height, bool unicode = true)
    {
        var targets = Create(names);
        foreach (var time in times)
            Add(targets, 0, time);
        return Lines(targets, width, height, unicode);
    }

    private static string[] Lines(object targets, int width, int height, bool unicode) =>
        [.. (IReadOnlyList<string>)targets.GetType().GetMethod("Lines", BindingFlags.Instance | BindingFlags.Public)!.Invoke(targets, [width, height, unicode])!];

    // Created by reflection: the tests do not reference the module, but import it as a user does.
    private object Create(string names) => _engine.Run(
        "[EchoSocket.EchoProbe].Assembly.GetType('EchoSocket.LiveTargets').GetConstructors()[0].Invoke(@(, [string[]] ($args[0] -split ' ')))", names)
        .Output.Single().BaseObject;

    private static void Add(object targets, int target, double? milliseconds) =>
        targets.GetType().GetMethod("Add", BindingFlags.Instance | BindingFlags.Public)!.Invoke(
            targets, [target, milliseconds]);
}
