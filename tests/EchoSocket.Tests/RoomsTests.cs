using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The core's folders ("rooms") know only the rooms below them, and never the classes that put them together.</summary>
public class RoomsTests
{
    private static readonly Dictionary<string, string[]> MayName = new()
    {
        ["Common"] = [],
        ["Transport"] = ["Common"],
        ["Polling"] = ["Common", "Transport"],
        ["Faults"] = ["Common"],
        ["Connecting"] = ["Common", "Transport"],
        ["Serving"] = ["Common", "Transport", "Polling", "Faults"],
        ["Measuring"] = ["Common", "Transport", "Polling", "Connecting"],
        ["Watching"] = ["Common", "Connecting", "Measuring"],
    };

    // The public classes that stand above all rooms. The others are plain data, which any room may use.
    private static readonly string[] Above =
    [
        "EchoServer", "EchoUdpServer", "EchoClient", "EchoUdpClient", "EchoUdpProbe", "EchoPipeline", "EchoMeter", "EchoUdpMeter",
        "PathProbe", "PathMtuProbe", "LatencyPlot", "EchoWatch", "UdpProber",
    ];

    private static readonly string Core = Path.Combine(Root(), "src", "EchoSocket");

    public static TheoryData<string> Rooms => [.. MayName.Keys];

    [Fact]
    public void Every_folder_of_the_core_is_a_room() =>
        Assert.Equal(
            MayName.Keys.Order(),
            Directory.GetDirectories(Core).Select(d => Path.GetFileName(d)!).Where(d => d is not ("bin" or "obj")).Order());

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_names_only_rooms_below_it(string room)
    {
        foreach (var (file, code) in Files(room))
        {
            var named = MayName.Keys.Append("EchoSocket").Where(other => Regex.IsMatch(code, $@"\b{other}\.[A-Z]|EchoSocket\.{other}\b"));
            Assert.True(
                !named.Except(MayName[room]).Except([room, "EchoSocket"]).Any(), $"{room}/{file} names {string.Join(", ", named)}.");
        }
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_names_no_class_that_stands_above_it(string room)
    {
        foreach (var (file, code) in Files(room))
            Assert.True(!Above.Any(name => Regex.IsMatch(code, $@"\b{name}\b")), $"{room}/{file} names a class above it.");
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_file_has_the_namespace_of_its_room_and_no_public_type(string room)
    {
        foreach (var (file, code) in Files(room))
        {
            Assert.True(
                code.Contains($"namespace EchoSocket.{room};", StringComparison.Ordinal) || file == "SuppressGCTransitionAttribute.cs",
                $"{room}/{file} has another namespace.");
            Assert.False(Regex.IsMatch(code, @"^public ", RegexOptions.Multiline), $"{room}/{file} has a public type.");
        }
    }

    [Fact]
    public void The_core_does_not_know_PowerShell() =>
        Assert.DoesNotContain(
            typeof(EchoServer).Assembly.GetReferencedAssemblies(), a => a.Name!.Contains("Automation", StringComparison.Ordinal));

    // The code of each file, without comments.
    private static IEnumerable<(string File, string Code)> Files(string room) =>
        Directory.GetFiles(Path.Combine(Core, room), "*.cs", SearchOption.AllDirectories)
            .Select(f => (Path.GetFileName(f), Regex.Replace(File.ReadAllText(f), @"//.*", "")));

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EchoSocket.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run in the repository.");
        return folder;
    }
}
