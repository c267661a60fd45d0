BeforeAll { . "$PSScriptRoot/Shared.ps1" }

Describe 'The EchoSocket module' {
    It 'exports its cmdlets and nothing else' {
        (Get-Module EchoSocket).ExportedCommands.Keys | Sort-Object |
            Should-BeCollection @('Enter-EchoSession', 'Measure-EchoServer', 'Send-EchoMessage', 'Start-EchoServer', 'Test-EchoServer')
    }

    It 'has help with examples for <_>' -ForEach 'Enter-EchoSession', 'Measure-EchoServer', 'Send-EchoMessage', 'Start-EchoServer', 'Test-EchoServer' {
        $help = Get-Help $_ -Full
        "$($help.Description.Text)" | Should-NotBeEmptyString
        @($help.Examples.Example).Count | Should-BeGreaterThanOrEqual 2
    }
}
