using System;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Reflection;
using Xunit;

namespace EchoSocket.Module.Tests;

public class ManifestTests
{
    public static readonly TheoryData<string> Cmdlets = ["Enter-EchoSession", "Measure-EchoServer", "Send-EchoMessage", "Start-EchoServer", "Test-EchoServer"];

    [Fact]
    public void The_manifest_is_valid_and_exports_the_cmdlets_and_nothing_else()
    {
        using var engine = new Engine();

        var module = (PSModuleInfo)engine.Run("Test-ModuleManifest $args[0]", Engine.Manifest).Output.Single().BaseObject;

        Assert.Equal(Cmdlets.Select(c => c.Data), module.ExportedCmdlets.Keys.Order());
        Assert.Empty(module.ExportedFunctions);
        Assert.Empty(module.ExportedAliases);
        Assert.Empty(module.ExportedVariables);
        Assert.Equal(["Core", "Desktop"], module.CompatiblePSEditions);
        Assert.Equal(new Version(5, 1), module.PowerShellVersion);
        Assert.DoesNotContain("*", File.ReadAllText(Engine.Manifest), StringComparison.Ordinal);
    }

    [Fact]
    public void The_manifest_and_the_assemblies_have_one_version()
    {
        using var engine = new Engine();
        var module = (PSModuleInfo)engine.Run("Get-Module EchoSocket").Output.Single().BaseObject;

        foreach (var assembly in new[] { "EchoSocket.dll", "EchoSocket.Module.dll" })
        {
            var version = AssemblyName.GetAssemblyName(Path.Combine(Engine.Root, "bin", assembly)).Version!;
            Assert.Equal(module.Version, new Version(version.Major, version.Minor, version.Build));
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void The_help_tells_of_every_parameter_as_it_is(string cmdlet)
    {
        using var engine = new Engine();
        var help = engine.Run("Get-Help $args[0] -Full", cmdlet).Output.Single();
        var command = (CmdletInfo)engine.Run("Get-Command $args[0]", cmdlet).Output.Single().BaseObject;

        Assert.NotEqual(cmdlet, Text(help, "Synopsis").Trim()); // what Get-Help says when there is no help
        Assert.NotEmpty(Text(help, "description"));

        var told = ((PSObject[])((PSObject)Value(help, "parameters")).Properties["parameter"].Value).ToDictionary(p => Text(p, "name"));
        var real = command.Parameters.Values.Where(p => !Cmdlet.CommonParameters.Contains(p.Name)).ToDictionary(p => p.Name);
        Assert.Equal(real.Keys.Order(), told.Keys.Order());
        foreach (var (name, parameter) in real)
        {
            var attribute = parameter.Attributes.OfType<ParameterAttribute>().First();
            Assert.NotEmpty(Text(told[name], "description"));
            Assert.Equal(attribute.Mandatory, bool.Parse(Text(told[name], "required")));
            Assert.Equal(attribute.Position >= 0 ? $"{attribute.Position}" : "named", Text(told[name], "position"));
            Assert.Equal(parameter.ParameterType.Name, Text((PSObject)Value(told[name], "type"), "name"));
            Assert.Equal(attribute.ValueFromPipeline, Text(told[name], "pipelineInput").Contains("ByValue", StringComparison.Ordinal));
            Assert.Equal(
                attribute.ValueFromPipelineByPropertyName, Text(told[name], "pipelineInput").Contains("ByPropertyName", StringComparison.Ordinal));
            Assert.Equal(parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases), Text(told[name], "aliases"));
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void The_help_has_two_examples_or_more_whose_parameters_exist(string cmdlet)
    {
        using var engine = new Engine();
        var help = engine.Run("Get-Help $args[0] -Full", cmdlet).Output.Single();
        var examples = (PSObject[])((PSObject)Value(help, "examples")).Properties["example"].Value;

        Assert.True(examples.Length >= 2);
        foreach (var example in examples)
        {
            var unknown = engine.Run(
                """
                $tree = [System.Management.Automation.Language.Parser]::ParseInput($args[0], [ref]$null, [ref]$null)
                $tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true) | ForEach-Object {
                    $command = Get-Command $_.GetCommandName() -Module EchoSocket -ErrorAction Ignore
                    if ($command) {
                        $_.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.CommandParameterAst] } |
                            ForEach-Object ParameterName | Where-Object { -not $command.Parameters.ContainsKey($_) }
                    }
                }
                """,
                Text(example, "code"));
            Assert.Null(unknown.Ended);
            Assert.Empty(unknown.Output);
            Assert.Contains(cmdlet, Text(example, "code"), StringComparison.Ordinal);
        }
    }

    private static object Value(PSObject item, string property) => item.Properties[property].Value;

    private static string Text(PSObject item, string property) => Value(item, property) switch
    {
        PSObject[] paragraphs => string.Join('\n', paragraphs.Select(p => p.Properties["Text"]?.Value)),
        var value => $"{value}",
    };
}
