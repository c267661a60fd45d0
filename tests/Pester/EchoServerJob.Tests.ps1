BeforeAll { . "$PSScriptRoot/Shared.ps1" }

Describe 'A server job' {
    AfterEach { Get-Job | Remove-Job -Force }

    It 'serves many clients until it is stopped' {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0 -Name echo
        $server.State | Should-Be 'Running'
        $server.PSJobTypeName | Should-Be 'EchoServerJob'
        (Get-Job echo).Id | Should-Be $server.Id
        (1..3 | ForEach-Object { $server | Send-EchoMessage -Message "m$_" }) -join ',' | Should-BeString 'M1,M2,M3' -CaseSensitive
        $server | Send-EchoMessage -Message x | ForEach-Object { "$($server.ActiveConnections) of $($server.TotalConnections)" } | Should-BeString '1 of 4'
        Wait-Until { $server.ActiveConnections -eq 0 }
        $server.State | Should-Be 'Running'
        Stop-Job $server
        $server.State | Should-Be 'Stopped'
        (Receive-Job $server).EndReason -join ' ' | Should-BeString 'PeerClosed PeerClosed PeerClosed PeerClosed'
        { Send-EchoMessage hi -Port $server.Port } | Should-Throw -FullyQualifiedErrorId 'ConnectionRefused,*'
    }

    It 'completes when its one client disconnects' {
        $server = Start-EchoServer -AsJob -Port 0
        $server | Send-EchoMessage -Message hi | Should-BeString 'HI' -CaseSensitive
        (Wait-Job $server -Timeout 30).State | Should-Be 'Completed'
        $server.TotalConnections, $server.ActiveConnections, $server.BytesReceived, $server.BytesSent -join ' ' | Should-BeString '1 0 2 2'
        $server.HasMoreData | Should-BeTrue
        (Receive-Job $server).EndReason | Should-Be 'PeerClosed'
        $server.HasMoreData | Should-BeFalse
        Remove-Job $server
        Get-Job | Should-BeNull
    }

    It 'is waited for and removed by Receive-Job -Wait -AutoRemoveJob' {
        $server = Start-EchoServer -AsJob -Port 0
        $server | Send-EchoMessage -Message hi | Should-Be 'HI'
        (Receive-Job $server -Wait -AutoRemoveJob).BytesReceived | Should-Be 2
        Get-Job | Should-BeNull
    }

    It 'completes after -ConnectionCount clients' {
        $server = Start-EchoServer -KeepListening -ConnectionCount 2 -AsJob -Port 0
        ($server, $server | Send-EchoMessage -Message hi) -join ' ' | Should-BeString 'HI HI' -CaseSensitive
        $server | Send-EchoMessage -Message hi | Should-Be 'HI'
        Receive-Server $server | Should-BeCollection -Count 2
        $server.State | Should-Be 'Completed'
    }

    It 'serves with several threads as with one' {
        $server = Start-EchoServer -KeepListening -ThreadCount 3 -MaxConnections 5 -ConnectionCount 8 -AsJob -Port 0
        $clients = @(1..5 | ForEach-Object { Connect-Socket $server.Port })
        $clients | ForEach-Object { Invoke-Echo $_ }
        $server.ActiveConnections, $server.TotalConnections -join ' of ' | Should-BeString '5 of 5'
        foreach ($client in $clients) { $client.Close() }
        1..3 | ForEach-Object { $server | Send-EchoMessage -Message hi } | Should-BeCollection 'HI', 'HI', 'HI'
        $connections = Receive-Server $server
        $server.State | Should-Be 'Completed'
        ($connections.Connection | Sort-Object) -join ' ' | Should-BeString '1 2 3 4 5 6 7 8'
        ($connections | Measure-Object BytesReceived -Sum).Sum | Should-Be $server.BytesReceived
    }

    It 'has the result of every connection as soon as none is active' {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0
        foreach ($i in 1..50) {
            $null = $server | Send-EchoMessage -Message hi
            Wait-Until { -not $server.ActiveConnections }
            Receive-Job $server | Should-BeCollection -Count 1 -Because "of connection $i"
        }
    }

    It 'ends a silent connection after -IdleTimeoutSeconds: <_>' -ForEach @{}, @{ KeepListening = $true; ConnectionCount = 1 } {
        $server = Start-EchoServer -IdleTimeoutSeconds 0.2 -AsJob -Port 0 @_
        $client = Connect-Socket $server.Port
        (Receive-Server $server).EndReason | Should-Be 'IdleTimeout'
        Receive-End $client
    }

    It 'names its server to every cmdlet that is given the job' {
        $address = if (Test-Path /proc) { '127.0.0.3' } else { '127.0.0.1' } # only Linux has all of 127.0.0.0/8
        $server = Start-EchoServer -KeepListening -AsJob -Port 0 -Address $address
        $server.Address | Should-Be $address
        $server.LocalEndPoint | Should-Be "$($server.Address):$($server.Port)"
        ($server | Send-EchoMessage -Message hi -Detailed).RemoteEndPoint | Should-Be $server.LocalEndPoint
        ($server | Test-EchoServer -Detailed).RemoteEndPoint | Should-Be $server.LocalEndPoint
        ($server | Measure-EchoServer -Count 1).RemoteEndPoint | Should-Be $server.LocalEndPoint
    }

    It 'prints as a table of its state and totals' {
        $server = Start-EchoServer -AsJob -Port 0 -Name echo
        $null = $server | Send-EchoMessage -Message hi
        $null = Wait-Job $server -Timeout 30
        $server | Out-String -Width 120 | Should-MatchString "\s$($server.Id) echo +Completed +0 +1 +2 127\.0\.0\.1:$($server.Port)"
    }

    It 'returns its verbose messages with Receive-Job -Verbose if it was started with -Verbose' {
        $server = Start-EchoServer -AsJob -Port 0 -Verbose 4> $null
        $null = $server | Send-EchoMessage -Message '   '
        $null = Wait-Job $server -Timeout 30
        $told = Receive-Job $server -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }
        $told.Message | Should-BeCollection -Count 3
        $told[1].Message | Should-MatchString 'sent 3 bytes: "   "$'
    }
}
