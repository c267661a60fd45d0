BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:server = Start-EchoServer -KeepListening -AsJob -Port 0
}

AfterAll { Remove-Job $server -Force }

Describe 'Measure-EchoServer' {
    It 'counts every message and reports the round-trip times' {
        $result = $server | Measure-EchoServer -Count 200 -Connections 2 -InFlight 4
        $result.Sent, $result.Received, $result.Lost -join ' ' | Should-BeString '200 200 0'
        $result.P50 | Should-HaveType ([timespan])
        $result.P50 | Should-BeLessThanOrEqual $result.P99
        $result.P99 | Should-BeLessThanOrEqual $result.Maximum
        ($result.Histogram | Measure-Object Count -Sum).Sum | Should-Be 200
    }

    It 'takes servers by name, by property and as jobs, and each has its result' {
        $results = @(
            $server | Measure-EchoServer -Count 20
            Measure-EchoServer 127.0.0.1, localhost $server.Port -Count 20
            [pscustomobject]@{ HostName = 'localhost'; Port = $server.Port } | Measure-EchoServer -Count 20
        )
        $results.ComputerName -join ' ' | Should-BeString '127.0.0.1 127.0.0.1 localhost localhost'
        $results.Received -join ' ' | Should-BeString '20 20 20 20'
        $results.Lost -join ' ' | Should-BeString '0 0 0 0'
    }

    It 'does what its parameters say, and the result repeats them' {
        $before = $server.BytesReceived
        $result = $server | Measure-EchoServer -Count 40 -MessageSize 100 -Connections 4 -InFlight 2 -Rate 1000 -WarmupCount 3 -Spin
        $result.Connections, $result.InFlight, $result.MessageSize, $result.Rate, $result.Sent -join ' ' | Should-BeString '4 2 100 1000 40'
        $result.Spin | Should-BeTrue
        $server.BytesReceived - $before | Should-Be ((40 + 4 * 3) * 100) -Because 'each connection is warmed up with three messages'
    }

    It 'keeps to a rate and a duration' {
        $result = $server | Measure-EchoServer -DurationSeconds 0.5 -Rate 100
        $result.Sent | Should-Be 50
        $result.Duration | Should-BeGreaterThan ([timespan]::FromSeconds(0.4))
    }

    It 'writes data that JSON, Format-List and Format-Table show whole' {
        $result = $server | Measure-EchoServer -Count 20
        $back = $result | ConvertTo-Json | ConvertFrom-Json
        $back.Received | Should-Be 20
        ($back.HistogramCounts | Measure-Object -Sum).Sum | Should-Be 20
        $result | Format-List * | Out-String | Should-MatchString 'HdrHistogram *: HIST'
        $result | Format-Table | Out-String | Should-MatchString 'P50 +P99 +Maximum'
    }

    It 'writes a result that looks the same after remoting' {
        $result = $server | Measure-EchoServer -Count 20
        $view = $result | Out-String
        $view | Should-MatchString '20 sent, 20 received, 0 lost'
        $copy = Copy-BySerialization $result
        $copy.PSTypeNames[0] | Should-Be 'Deserialized.EchoSocket.EchoStatistics'
        $copy | Out-String | Should-BeString $view -CaseSensitive
    }

    It 'writes an error and a result for a server that is down, and measures the next' {
        $results = [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = 1 }, $server |
            Measure-EchoServer -Count 5 -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems.Count | Should-Be 1
        $problems[0].FullyQualifiedErrorId | Should-BeLikeString 'ConnectionRefused,*'
        $problems[0].TargetObject | Should-Be '127.0.0.1:1'
        $results.Received -join ' ' | Should-BeString '0 5'
        $results[0].Errors.ConnectionRefused | Should-Be 1
        $results[0].P50 | Should-BeNull
    }

    It 'says with -Verbose how many messages came back over <Connections>' -ForEach @(
        @{ Count = 1; Connections = '1 connection' }
        @{ Count = 2; Connections = '2 connections' }
    ) {
        $told = $server | Measure-EchoServer -Count 2 -Connections $Count -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }
        $told.Message | Should-BeLikeString "* 2 of 2 messages came back over $Connections to *"
    }

    It 'measures no further when Select-Object -First ends the pipeline' {
        $before = $server.TotalConnections
        Measure-EchoServer 127.0.0.1, 127.0.0.1 $server.Port -Count 5 | Select-Object -First 1 | Should-BeCollection -Count 1
        $server.TotalConnections - $before | Should-Be 1
    }

    It 'draws all results in one picture, at a path of the session' {
        Push-Location TestDrive:/
        try {
            Measure-EchoServer localhost, 127.0.0.1 $server.Port -Count 50 -SvgPath ./latency.svg | Should-BeCollection -Count 2
            $picture = ([xml] (Get-Content latency.svg -Raw)).DocumentElement
            $picture.LocalName | Should-Be 'svg'
            $picture.InnerText | Should-MatchString 'localhost'
            $picture.InnerText | Should-MatchString '127\.0\.0\.1'
        }
        finally {
            Pop-Location
        }
    }

    It 'takes a count or a duration, not both' {
        { Measure-EchoServer -Count 5 -DurationSeconds 5 } | Should-Throw -FullyQualifiedErrorId 'AmbiguousParameterSet,*'
    }

    It 'refuses <Measure> and names <Parameter>' -ForEach @(
        @{ Parameter = 'Count'; Measure = { Measure-EchoServer -Count 0 } }
        @{ Parameter = 'DurationSeconds'; Measure = { Measure-EchoServer -DurationSeconds 0 } }
        @{ Parameter = 'MessageSize'; Measure = { Measure-EchoServer -MessageSize 0 } }
        @{ Parameter = 'Connections'; Measure = { Measure-EchoServer -Connections 0 } }
        @{ Parameter = 'InFlight'; Measure = { Measure-EchoServer -InFlight 10001 } }
        @{ Parameter = 'Rate'; Measure = { Measure-EchoServer -Rate 0 } }
        @{ Parameter = 'WarmupCount'; Measure = { Measure-EchoServer -WarmupCount -1 } }
        @{ Parameter = 'Port'; Measure = { Measure-EchoServer -Port 0 } }
        @{ Parameter = 'OperationTimeoutSeconds'; Measure = { Measure-EchoServer -OperationTimeoutSeconds 0 } }
        @{ Parameter = 'ConnectionTimeoutSeconds'; Measure = { Measure-EchoServer -ConnectionTimeoutSeconds -1 } }
        @{ Parameter = 'SvgPath'; Measure = { Measure-EchoServer -SvgPath '' } }
        @{ Parameter = 'ComputerName'; Measure = { Measure-EchoServer -ComputerName ([string]::Empty) } }
    ) {
        $Measure | Should-Throw "*$Parameter*"
    }
}
