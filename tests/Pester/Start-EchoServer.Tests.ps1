BeforeAll { . "$PSScriptRoot/Shared.ps1" }
AfterAll { Get-Job | Remove-Job -Force }

Describe 'Start-EchoServer' {
    It 'sends back what came with -Transform None' {
        $server = Start-EchoServer -AsJob -Port 0 -Transform None
        $server | Send-EchoMessage -Message Hello | Should-BeString 'Hello' -CaseSensitive
    }

    It 'holds the prompt until a client that <Name> has gone, and writes <Reason>' -ForEach @(
        @{ Name = 'closes'; Reason = 'PeerClosed'; Reset = $false }
        @{ Name = 'resets'; Reason = 'PeerReset'; Reset = $true }
    ) {
        $server = Open-PromptServer
        $client = Connect-Socket $server.Port
        $server.Running.IsCompleted | Should-BeFalse
        $client.LingerState = [Net.Sockets.LingerOption]::new($Reset, 0)
        $client.Close()
        $connection = Receive-PromptServer $server
        $connection.EndReason | Should-Be $Reason
        $connection.LocalEndPoint | Should-Be "127.0.0.1:$($server.Port)"
    }

    It 'does not share its port' {
        $server = Start-EchoServer -AsJob -Port 0
        { Start-EchoServer -Port $server.Port } | Should-Throw -FullyQualifiedErrorId 'AddressInUse,EchoSocket.Commands.StartEchoServerCommand'
    }
}
