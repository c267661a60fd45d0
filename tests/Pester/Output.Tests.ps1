# Results as data for other commands, and as tables for people.

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"

    # A result of each type, with the header and the row that its table shows.
    $script:samples = @(
        @{
            Object = [EchoSocket.EchoConnection][EchoSocket.ConnectionResult]@{
                LocalEndPoint = '127.0.0.1:1'; RemoteEndPoint = '127.0.0.1:2'; StartTime = [datetime] '2026-01-02 03:04:05'
                Duration = [timespan]::FromMilliseconds(90061001); BytesReceived = 5000000000; BytesSent = 7; EndReason = 'PeerReset'; Detail = 'd'
            }
            Head   = 'EndReason Duration Received Sent RemoteEndPoint'
            Row    = 'PeerReset 25.0 h 5000000000 7 127.0.0.1:2 d'
        }
        @{
            Object = & {
                $peer = [EchoSocket.EchoUdpPeer]@{ RemoteEndPoint = '127.0.0.1:2'; Messages = 3; Bytes = 4; FirstSeen = '2026-01-02 03:04:05'; LastSeen = '2026-01-02 03:04:06' }
                $summary = [EchoSocket.EchoUdpSummary]::new(@($peer, $peer))
                $summary.Time = [datetime] '2026-01-02 03:04:05'
                $summary.LocalEndPoints = [EchoSocket.ResultList]::new(@('127.0.0.1:1', '[::1]:1'))
                $summary.DurationMilliseconds = 90061001
                $summary.MessagesReceived = 8
                $summary.MessagesSent = 7
                $summary.RefusedMessages = 6
                $summary.ForgottenPeers = 3
                $summary
            }
            Head   = 'Duration Received Sent Refused Peers LocalEndPoints'
            Row    = '25.0 h 8 7 6 5 127.0.0.1:1 [::1]:1'
        }
        @{
            Object = [EchoSocket.EchoReply]@{
                Message = 'hi'; Reply = 'HI'; ByteCount = 2; RoundTripMilliseconds = 1.2345
                LocalEndPoint = '127.0.0.1:1'; RemoteEndPoint = '127.0.0.1:2'
            }
            Head   = 'RoundTrip Message Reply RemoteEndPoint'
            Row    = '1.23 ms hi HI 127.0.0.1:2'
        }
        @{
            Object = [EchoSocket.EchoBytesReply]@{
                MessageHex = '00FF61'; ReplyHex = '00FF41'; ByteCount = 3; RoundTripMilliseconds = 1.2345
                LocalEndPoint = '127.0.0.1:1'; RemoteEndPoint = '127.0.0.1:2'
            }
            Head   = 'RoundTrip MessageHex ReplyHex RemoteEndPoint'
            Row    = '1.23 ms 00FF61 00FF41 127.0.0.1:2'
        }
        @{
            Object = [EchoSocket.EchoPathReport][EchoSocket.PathReport]@{
                ComputerName = 'host'; Port = 7; FailedStage = 'Echo'; Reason = 'reset'; Addresses = '127.0.0.1'
                ConnectTime = [timespan]::FromTicks(12345)
            }
            Head   = 'Success Connect Echo Port ComputerName'
            Row    = 'False 1.23 ms - 7 host Echo: reset'
        }
        @{
            Object = [EchoSocket.EchoPathMtu][EchoSocket.PathMtuResult]@{
                ComputerName = 'host'; Port = 7; RemoteEndPoint = '127.0.0.1:7'; MaxMessageSize = 1472; PathMtu = 1500; Probes = 3; Lost = 1
                Duration = [timespan]::FromTicks(12345); Detail = 'd'
            }
            Head   = 'MaxMessageSize PathMtu Probes Lost Duration Port ComputerName'
            Row    = '1472 1500 3 1 1.23 ms 7 host d'
        }
        @{
            Object = New-EchoFault -Reset -AfterBytes 3 -OnConnection 1, 2
            Head   = 'Kind Probability OnConnections Effect'
            Row    = 'Reset 1 1, 2 resets after 3 bytes'
        }
        @{
            Object = [EchoSocket.EchoProbe][EchoSocket.WatchProbe]@{
                Time = [datetime] '2026-01-02 03:04:05'; ComputerName = 'host'; Port = 7; Udp = $true; FailedStage = 'Echo'; Reason = "timed$([char] 27) out"
            }
            Head   = 'Time RoundTrip Port ComputerName'
            Row    = '03:04:05.000Z lost 7 host (UDP) Echo: timed\u001B out'
        }
        @{
            Object = [EchoSocket.EchoOutage][EchoSocket.WatchOutage]@{
                Start = [datetime] '2026-01-02 03:04:05'; ComputerName = 'host'; Port = 7; Duration = [timespan]::FromSeconds(3); ProbesLost = 3; FailedStage = 'Connect'; Reason = 'refused'
            }
            Head   = 'Start End Duration Lost Port ComputerName'
            Row    = '2026-01-02 03:04:05Z open 3.00 s 3 7 host Connect: refused'
        }
        @{
            Object = [EchoSocket.EchoWatchSummary][EchoSocket.WatchResult]@{
                StartTime = [datetime] '2026-01-02 03:04:05'; ComputerName = 'host'; Port = 7; Duration = [timespan]::FromSeconds(60); Probes = 60; Lost = 3
                Outages = 1; OutageTime = [timespan]::FromSeconds(3); P50 = [timespan]::FromTicks(12345)
            }
            Head   = 'Probes Lost Outages Available P50 P99 Jitter Port ComputerName'
            Row    = '60 3 1 95.0 % 1.23 ms - - 7 host'
        }
    )
}

Describe 'A result' {
    It 'prints as a table, and the same after remoting' {
        foreach ($sample in $samples) {
            $view = $sample.Object | Out-String -Width 120
            $lines = @($view -split '\r?\n' | Where-Object { $_.Trim() } | ForEach-Object { $_.Trim() -replace ' +', ' ' })
            $lines[0] | Should-BeString $sample.Head -CaseSensitive
            $lines[2..9] -join ' ' | Should-BeString $sample.Row -CaseSensitive
            Copy-BySerialization $sample.Object | Out-String -Width 120 | Should-BeString $view -CaseSensitive
        }
    }

    It 'keeps every property when it is serialized' {
        foreach ($before in $samples.Object) {
            $after = Copy-BySerialization $before
            $after.PSTypeNames[0] | Should-Be "Deserialized.$($before.GetType())"
            $after.PSObject.Properties.Name | Should-BeCollection @($before.PSObject.Properties.Name)
            foreach ($property in $before.PSObject.Properties) {
                "$($after.($property.Name))" | Should-BeString "$($property.Value)" -Because "$($before.GetType()) $($property.Name)"
            }
        }
    }

    It 'is of a type that is looked at here' {
        # A job is no data, and a measurement is no table: EchoServerJob.Tests.ps1 and Measure-EchoServer*.Tests.ps1 look at them.
        $tested = @($samples.Object | ForEach-Object { "$($_.GetType())" }) + 'EchoSocket.EchoServerJob', 'EchoSocket.EchoStatistics', 'EchoSocket.EchoUdpStatistics'
        (Get-Command -Module EchoSocket).OutputType.Name | Where-Object { $_ -like 'EchoSocket.*' } | Select-Object -Unique | Should-BeCollection $tested
    }
}

Describe 'The results of a server' {
    BeforeAll {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0
        $script:replies = $server | Send-EchoMessage -Message 'a', 'bc' -Detailed
        $client = Connect-Socket $server.Port
        $client.LingerState = [Net.Sockets.LingerOption]::new($true, 0)
        $client.Close()
        Wait-Until { $server.TotalConnections -eq 2 -and $server.ActiveConnections -eq 0 }
        Stop-Job $server
        $script:connections = Receive-Job $server
        Remove-Job $server
    }

    It 'survive a CSV file' {
        $replies | Export-Csv TestDrive:/replies.csv -NoTypeInformation
        $back = Import-Csv TestDrive:/replies.csv
        $back.Reply -join ' ' | Should-BeString 'A BC' -CaseSensitive
        [double] $back[1].RoundTripMilliseconds | Should-Be $replies[1].RoundTripMilliseconds

        $connections | Export-Csv TestDrive:/connections.csv -NoTypeInformation
        $back = Import-Csv TestDrive:/connections.csv
        $back.EndReason | Should-BeCollection @('PeerClosed', 'PeerReset')
        ($back | Where-Object EndReason -EQ PeerClosed).BytesReceived | Should-Be '3'
    }

    It 'survive JSON' {
        $back = $connections | ConvertTo-Json | ConvertFrom-Json
        foreach ($property in 'RemoteEndPoint', 'BytesReceived', 'BytesSent', 'EndReason') {
            $back.$property -join ' ' | Should-BeString ($connections.$property -join ' ')
        }
    }

    It 'can be sorted, grouped and summed' {
        ($connections | Group-Object EndReason).Name | Should-BeCollection @('PeerClosed', 'PeerReset')
        ($connections | Measure-Object BytesSent -Sum).Sum | Should-Be 3
        ($replies | Sort-Object ByteCount -Descending | Select-Object -First 1).Reply | Should-BeString 'BC' -CaseSensitive
    }
}
