BeforeDiscovery {
    $script:cmdlets = 'Enter-EchoSession', 'Measure-EchoServer', 'New-EchoFault', 'Send-EchoMessage', 'Start-EchoServer', 'Test-EchoServer', 'Watch-EchoServer'
}

BeforeAll { . "$PSScriptRoot/Shared.ps1" }

Describe 'The EchoSocket module' {
    It 'has a valid manifest that exports the cmdlets and nothing else' {
        $module = Test-ModuleManifest $manifest
        $module.ExportedCmdlets.Keys |
            Should-BeCollection @('Enter-EchoSession', 'Measure-EchoServer', 'New-EchoFault', 'Send-EchoMessage', 'Start-EchoServer', 'Test-EchoServer', 'Watch-EchoServer')
        $module.ExportedCommands.Count | Should-Be 7
        $module.ExportedVariables.Count | Should-Be 0
        Get-Content $manifest -Raw | Should-NotBeLikeString '*`**' -Because 'a wildcard would make PowerShell load the module to know what it exports'
    }

    It 'is for Windows PowerShell 5.1 and for PowerShell 7' {
        $module = Test-ModuleManifest $manifest
        $module.CompatiblePSEditions | Should-BeCollection @('Core', 'Desktop')
        $module.PowerShellVersion | Should-Be ([version] '5.1')
    }

    It 'has the version of its assembly <_>' -ForEach 'EchoSocket.dll', 'EchoSocket.Module.dll' {
        $version = [Reflection.AssemblyName]::GetAssemblyName("$(Split-Path $manifest)/bin/$_").Version
        [version]::new($version.Major, $version.Minor, $version.Build) | Should-Be (Get-Module EchoSocket).Version
    }

    It 'measures and draws next to another module''s version of HdrHistogram' {
        if (-not ('Reflection.Emit.PersistedAssemblyBuilder' -as [type])) { Set-ItResult -Skipped -Because 'this .NET can''t write an assembly' }
        $other = "$TestDrive/HdrHistogram.dll"
        $assembly = [Reflection.Emit.PersistedAssemblyBuilder]::new([Reflection.AssemblyName] 'HdrHistogram, Version=1.0.0.0', [object].Assembly)
        $null = $assembly.DefineDynamicModule('HdrHistogram')
        $assembly.Save($other)
        $job = Start-Job {
            Add-Type -Path $using:other
            Import-Module $using:manifest
            $server = Start-EchoServer -AsJob -Port 0
            $server | Measure-EchoServer -Count 5 -SvgPath "$using:TestDrive/latency.svg"
            Remove-Job $server -Force
        }
        (Receive-Server $job).Received | Should-Be 5
        Get-Content "$TestDrive/latency.svg" -Raw | Should-MatchString '<polyline '
        Remove-Job $job
    }

    It 'ends its servers when it is removed' {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0
        $client = Connect-Socket $server.Port
        Invoke-Echo $client
        try {
            Remove-Module EchoSocket
            Receive-End $client
            { Connect-Socket $server.Port } | Should-Throw
            $server.State | Should-Be 'Stopped'
            { Get-Command Send-EchoMessage -Module EchoSocket -ErrorAction Stop } | Should-Throw
        }
        finally {
            Import-Module $manifest
            Remove-Job $server -Force
        }
    }
}

Describe 'The help of <_>' -ForEach $cmdlets {
    BeforeAll {
        $script:cmdlet = $_
        $script:help = Get-Help $cmdlet -Full
    }

    It 'has a synopsis, a description and two examples or more' {
        $help.Synopsis | Should-NotMatchString "^\s*$cmdlet" -Because 'that is what Get-Help says where there is no help'
        "$($help.Description.Text)" | Should-NotBeWhiteSpaceString
        @($help.Examples.Example).Count | Should-BeGreaterThanOrEqual 2
        Get-Help $cmdlet -Examples | Out-String | Should-MatchString "Example 2: .*"
    }

    It 'describes every parameter with its true attributes' {
        $common = [Management.Automation.Cmdlet]::CommonParameters
        $parameters = (Get-Command $cmdlet).Parameters.Values | Where-Object Name -NotIn $common
        $help.Parameters.Parameter.Name | Should-BeCollection @($parameters.Name)
        foreach ($parameter in $parameters) {
            $told = Get-Help $cmdlet -Parameter $parameter.Name
            $attributes = @($parameter.Attributes | Where-Object { $_ -is [Parameter] }) # one for each parameter set
            $attribute = $attributes[0]
            $position = if ($attribute.Position -ge 0) { "$($attribute.Position)" } else { 'named' }
            $aliases = if ($parameter.Aliases.Count) { $parameter.Aliases -join ', ' } else { 'none' }
            "$($told.Description.Text)" | Should-NotBeWhiteSpaceString -Because $parameter.Name
            $told.Required | Should-Be "$($attribute.Mandatory)" -Because $parameter.Name
            $told.Position | Should-Be $position -Because $parameter.Name
            $told.Aliases | Should-Be $aliases -Because $parameter.Name
            $told.Type.Name | Should-Be $parameter.ParameterType.Name -Because $parameter.Name
            ($told.PipelineInput -like '*ByValue*') | Should-Be ($attributes.ValueFromPipeline -contains $true) -Because $parameter.Name
            ($told.PipelineInput -like '*ByPropertyName*') | Should-Be ($attributes.ValueFromPipelineByPropertyName -contains $true) -Because $parameter.Name
        }
    }

    It 'describes a parameter in each syntax as in the list' {
        foreach ($parameter in $help.Syntax.SyntaxItem.Parameter) {
            $listed = $help.Parameters.Parameter | Where-Object Name -EQ $parameter.Name
            "$($parameter.Description.Text)" | Should-BeString "$($listed.Description.Text)" -Because $parameter.Name
        }
    }

    It 'numbers its examples' {
        $titles = @($help.Examples.Example.Title)
        foreach ($number in 1..$titles.Count) {
            $titles[$number - 1] | Should-MatchString "\bExample ${number}:"
        }
    }

    It 'has examples that call it with parameters that exist' {
        foreach ($code in $help.Examples.Example.Code) {
            $code | Should-MatchString $cmdlet
            $calls = [Management.Automation.Language.Parser]::ParseInput($code, [ref] $null, [ref] $null).FindAll(
                { $args[0] -is [Management.Automation.Language.CommandAst] }, $true)
            foreach ($call in $calls | Where-Object { $_.GetCommandName() -like '*-Echo*' }) {
                $known = (Get-Command $call.GetCommandName()).Parameters
                $call.CommandElements | Where-Object { $_ -is [Management.Automation.Language.CommandParameterAst] } |
                    Where-Object { -not $known.ContainsKey($_.ParameterName) } | Should-BeNull
            }
        }
    }
}

Describe 'Tab completion' {
    It 'completes <Line> to <Completions>' -ForEach @(
        @{ Line = 'Start-Echo'; Completions = 'Start-EchoServer' }
        @{ Line = 'Start-EchoServer -KeepL'; Completions = '-KeepListening' }
        @{ Line = 'Start-EchoServer -Transform '; Completions = 'None Upper' }
        @{ Line = 'Send-EchoMessage -Encoding utf'; Completions = 'utf8 utf8NoBOM utf32' }
        @{ Line = 'Send-EchoMessage hi -Comp'; Completions = '-ComputerName' }
        @{ Line = 'Start-EchoServer -AsJob | Send-EchoMessage hi -Detailed | Sort-Object RoundT'; Completions = 'RoundTripMilliseconds RoundTripTime' }
        @{ Line = 'New-EchoFault -Reset -After'; Completions = '-AfterBytes -AfterSeconds' }
        @{ Line = 'New-EchoFault -Corrupt -E'; Completions = '-EveryBytes -ErrorAction -ErrorVariable' }
        @{ Line = 'Start-EchoServer -Fault (New-EchoF'; Completions = 'New-EchoFault' }
        @{ Line = 'Start-EchoServer -Fault x -KeepR'; Completions = '-KeepReceived' }
        @{ Line = 'New-EchoFault -Duplicate | Sort-Object Prob'; Completions = 'Probability' }
        @{ Line = 'Measure-EchoServer | Where-Object Lo'; Completions = 'LongestLossRun Lost LostPercent' }
        @{ Line = 'Watch-EchoServer -Ou'; Completions = '-Outages -OutVariable -OutBuffer' }
        @{ Line = 'Watch-EchoServer | Where-Object FailedS'; Completions = 'FailedStage' }
        @{ Line = 'Watch-EchoServer -Outages | Sort-Object ProbesL'; Completions = 'ProbesLost' }
    ) {
        (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText -join ' ' | Should-BeString $Completions -CaseSensitive
    }
}
