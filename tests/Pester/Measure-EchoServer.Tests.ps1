BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:server = Start-EchoServer -KeepListening -AsJob -Port 0
}
AfterAll { Remove-Job $server -Force }

Describe 'Measure-EchoServer' {
    It 'counts every message and tells how long they took' {
        $result = $server | Measure-EchoServer -Count 200 -Connections 2 -InFlight 4
        $result.Sent, $result.Received, $result.Lost | Should-BeCollection @(200, 200, 0)
        $result.P50 | Should-HaveType ([timespan])
        $result.P50 | Should-BeLessThanOrEqual $result.P99
        $result.P99 | Should-BeLessThanOrEqual $result.Maximum
        ($result.Histogram | Measure-Object Count -Sum).Sum | Should-Be 200
    }

    It 'keeps to a rate and a duration' {
        ($server | Measure-EchoServer -DurationSeconds 0.5 -Rate 100).Sent | Should-Be 50
    }

    It 'writes data that JSON, Format-List and Format-Table show whole' {
        $result = $server | Measure-EchoServer -Count 20
        $back = $result | ConvertTo-Json -Depth 4 | ConvertFrom-Json
        $back.Received | Should-Be 20
        ($back.Histogram | Measure-Object Count -Sum).Sum | Should-Be 20
        $result | Format-List * | Out-String | Should-MatchString 'HdrHistogram *: HIST'
        $result | Format-Table | Out-String | Should-MatchString 'P50 +P99 +Maximum'
    }

    It 'writes a result that looks the same after remoting' {
        $result = $server | Measure-EchoServer -Count 20
        $view = $result | Out-String
        $view | Should-MatchString '20 sent, 20 received, 0 lost'
        $copy = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($result))
        $copy.PSTypeNames[0] | Should-Be 'Deserialized.EchoSocket.EchoStatistics'
        $copy | Out-String | Should-BeString $view -CaseSensitive
    }

    It 'runs in a job of its own' {
        $module = (Get-Module EchoSocket).Path
        $job = Start-Job { Import-Module $using:module; Measure-EchoServer 127.0.0.1 $using:server.Port -Count 20 }
        try {
            $result = Receive-Job $job -Wait
            $result.Received | Should-Be 20
            $result | Out-String | Should-MatchString '20 sent, 20 received'
        }
        finally {
            Remove-Job $job -Force
        }
    }

    It 'writes an error and a result for a server that is down' {
        $result = Measure-EchoServer -Port 1 -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems[0].FullyQualifiedErrorId | Should-BeLikeString 'ConnectionRefused,*'
        $result.Errors.ConnectionRefused | Should-Be 1
        $result.P50 | Should-BeNull
        { Measure-EchoServer -Port 1 -ErrorAction Stop } | Should-Throw -FullyQualifiedErrorId 'ConnectionRefused,*'
    }

    It 'draws a picture' {
        Push-Location TestDrive:/
        try {
            $null = $server | Measure-EchoServer -Count 20 -AsSvg latency.svg
            ([xml] (Get-Content latency.svg -Raw)).DocumentElement.LocalName | Should-Be 'svg'
        }
        finally {
            Pop-Location
        }
    }
}
