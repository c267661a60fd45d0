BeforeAll { . "$PSScriptRoot/Shared.ps1" }

Describe 'A server job' {
    AfterEach { Get-Job | Remove-Job -Force }

    It 'serves many clients until it is stopped' {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0 -Name echo
        $server.State | Should-Be 'Running'
        (Get-Job echo).Id | Should-Be $server.Id
        (1..3 | ForEach-Object { $server | Send-EchoMessage -Message "m$_" }) -join ',' | Should-BeString 'M1,M2,M3' -CaseSensitive
        $server.TotalConnections | Should-Be 3
        Stop-Job $server
        $server.State | Should-Be 'Stopped'
        (Receive-Job $server).EndReason | Should-BeCollection @('PeerClosed', 'PeerClosed', 'PeerClosed')
        { Send-EchoMessage hi -Port $server.Port } | Should-Throw -FullyQualifiedErrorId 'ConnectionRefused,*'
    }

    It 'completes when its one client has gone' {
        $server = Start-EchoServer -AsJob -Port 0
        $server | Send-EchoMessage -Message hi | Should-BeString 'HI' -CaseSensitive
        (Wait-Job $server -Timeout 30).State | Should-Be 'Completed'
        (Receive-Job $server -AutoRemoveJob -Wait).BytesReceived | Should-Be 2
    }

    It 'does not start where its port is in use' {
        $server = Start-EchoServer -AsJob -Port 0
        { Start-EchoServer -AsJob -Port $server.Port } | Should-Throw -FullyQualifiedErrorId 'AddressInUse,*'
        Get-Job | Should-BeCollection -Count 1
    }

    It 'completes after as many clients as asked for' {
        $server = Start-EchoServer -KeepListening -ConnectionCount 2 -AsJob -Port 0
        $server, $server | Send-EchoMessage -Message hi | Should-BeCollection @('HI', 'HI')
        $server | Send-EchoMessage -Message hi | Should-Be 'HI'
        Receive-Connection $server | Should-BeCollection -Count 2
        $server.State | Should-Be 'Completed'
    }

    It 'ends a silent connection' {
        $server = Start-EchoServer -IdleTimeoutSeconds 0.2 -AsJob -Port 0
        $client = Connect-Socket $server.Port
        (Receive-Connection $server).EndReason | Should-Be 'IdleTimeout'
        $client.Dispose()
    }
}
