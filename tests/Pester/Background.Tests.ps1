# The cmdlets in processes, runspaces and threads other than the prompt's.

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:server = Start-EchoServer -KeepListening -AsJob -Port 0
}

AfterAll { Get-Job | Remove-Job -Force }

Describe 'Start-Job' {
    It 'measures from a process of its own, and the result prints as it does here' {
        $port = $server.Port
        $job = Start-Job { Import-Module $using:manifest; Measure-EchoServer 127.0.0.1 $using:port -Count 20 }
        $result = Receive-Server $job
        $result.PSTypeNames[0] | Should-Be 'Deserialized.EchoSocket.EchoStatistics'
        $result.Received | Should-Be 20
        $result | Out-String | Should-MatchString '20 sent, 20 received'
    }

    It 'runs a server in a process of its own, and the result prints as it does here' {
        $job = Start-Job { Import-Module $using:manifest; Start-EchoServer -Port 0 -Verbose }
        Wait-Until { $job.ChildJobs[0].Verbose.Count -or $job.State -ne 'Running' }
        Send-EchoMessage hi -Port (Get-ToldPort $job.ChildJobs[0].Verbose[0].Message) | Should-BeString 'HI' -CaseSensitive
        $connection = Receive-Server $job
        $connection.PSTypeNames[0] | Should-Be 'Deserialized.EchoSocket.EchoConnection'
        $connection | Out-String | Should-MatchString 'PeerClosed +[\d.]+ (.|m|)s +2 +2 127\.0\.0\.1:'
    }

    It 'says nothing of a server but its results, since nobody reads it at a terminal' {
        $port = ($free = Start-EchoServer -AsJob -Port 0).Port
        Remove-Job $free -Force
        $job = Start-Job { Import-Module $using:manifest; Start-EchoServer -Port $using:port }
        Wait-Until { (Test-EchoServer -Port $port) -or $job.State -ne 'Running' }
        (Receive-Server $job).EndReason | Should-BeString PeerClosed
        $job.ChildJobs[0].Information.Count | Should-Be 0
    }
}

Describe 'ForEach-Object -Parallel' {
    It 'sends from many runspaces at once' -Skip:($PSVersionTable.PSEdition -eq 'Desktop') {
        $before = $server.TotalConnections
        $replies = 1..8 | ForEach-Object -ThrottleLimit 8 -Parallel {
            Import-Module $using:manifest
            $using:server | Send-EchoMessage -Message "m$_", "n$_"
        }
        ($replies | Sort-Object) -join ' ' | Should-BeString 'M1 M2 M3 M4 M5 M6 M7 M8 N1 N2 N3 N4 N5 N6 N7 N8' -CaseSensitive
        $server.TotalConnections - $before | Should-Be 8
    }
}

Describe 'Start-ThreadJob' {
    BeforeAll { $script:noThreadJobs = -not (Get-Command Start-ThreadJob -ErrorAction Ignore) }

    It 'runs a server that Stop-Job ends, and its client sees an orderly end' {
        if ($noThreadJobs) { Set-ItResult -Skipped -Because 'this PowerShell has no Start-ThreadJob' }
        $job = Start-ThreadJob { Import-Module $using:manifest; Start-EchoServer -KeepListening -Port 0 -Verbose }
        Wait-Until { $job.Verbose.Count -or $job.State -in 'Failed', 'Completed' }
        $port = Get-ToldPort $job.Verbose[0].Message
        $client = Connect-Socket $port
        Invoke-Echo $client
        Stop-Job $job
        Receive-End $client
        { Connect-Socket $port } | Should-Throw
    }
}
