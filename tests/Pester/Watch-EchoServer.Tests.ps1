# Watching servers as a user does: probes, outages of a server that is stopped and started again, the summary, and the display.

BeforeDiscovery {
    $script:noTerminal = -not (Test-Path /proc/self) -or -not (Get-Command script -CommandType Application -ErrorAction Ignore)
}

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:server = Start-EchoServer -KeepListening -AsJob -Port 0
    $script:fast = @{ IntervalSeconds = 0.02; TimeoutSeconds = 30 }
}

AfterAll { Remove-Job $server -Force }

Describe 'Watch-EchoServer' {
    AfterEach { $processes | Where-Object { -not $_.HasExited } | ForEach-Object Kill }

    It 'writes probes until it has enough of them' {
        $probes = $server | Watch-EchoServer @fast -Count 3
        $probes.Count | Should-Be 3
        foreach ($probe in $probes) {
            $probe | Should-HaveType ([EchoSocket.EchoProbe])
            $probe.Success | Should-BeTrue
            $probe.RoundTripMilliseconds | Should-BeGreaterThan 0
            $probe.Port | Should-Be $server.Port
            $probe.FailedStage | Should-Be 'None'
            $probe.Reason | Should-BeString ''
        }
        $probes[0].ConnectMilliseconds | Should-BeGreaterThan 0
        $probes[1].ConnectMilliseconds | Should-BeNull
    }

    It 'opens a connection for each probe with -Reconnect' {
        $before = $server.TotalConnections
        ($server | Watch-EchoServer @fast -Count 3 -Reconnect | Where-Object ConnectMilliseconds).Count | Should-Be 3
        $server.TotalConnections - $before | Should-Be 3
    }

    It 'ends after a duration' {
        # A busy computer may miss a slot; then it is not probed.
        $probes = @($server | Watch-EchoServer -IntervalSeconds 0.05 -TimeoutSeconds 30 -DurationSeconds 0.5)
        $probes.Count | Should-BeGreaterThan 0
        $probes.Count | Should-BeLessThanOrEqual 10
    }

    It 'watches over TLS, with the certificate of a job' {
        $tls = Start-EchoServer -UseTls -KeepListening -AsJob -Port 0
        try {
            ($tls | Watch-EchoServer @fast -Count 2).Success -join ' ' | Should-BeString 'True True'
            $probe = Watch-EchoServer 127.0.0.1 $tls.Port -UseTls @fast -Count 1
            $probe.FailedStage | Should-Be 'Tls'
            $probe.Reason | Should-MatchString 'certificate'
        }
        finally {
            Remove-Job $tls -Force
        }
    }

    It 'finds the outage of a server that is stopped and started again on the same port' {
        $first = Start-EchoServer -KeepListening -AsJob -Port 0
        $port = $first.Port
        $probes = [Collections.Generic.List[object]]::new()
        $again = $null
        $ended = $false
        # The server is stopped after a reply, and started again after three probes were lost.
        Watch-EchoServer 127.0.0.1 $port @fast -Reconnect | ForEach-Object {
            $probes.Add($_)
            if ($_.Success -and $first.State -eq 'Running') { Stop-Job $first }
            elseif (-not $_.Success -and -not $again -and @($probes | Where-Object Success -EQ $false).Count -eq 3) {
                $again = Start-EchoServer -KeepListening -AsJob -Port $port
            }
            elseif ($_.Success -and $again) { $ended = $true; $_ }
        } | Select-Object -First 1 | Should-HaveType ([EchoSocket.EchoProbe])
        $ended | Should-BeTrue
        $lost = @($probes | Where-Object Success -EQ $false)
        $lost.Count | Should-BeGreaterThanOrEqual 3
        $lost[0].Reason | Should-Be 'refused'
        Remove-Job $first, $again -Force
    }

    It 'writes outages instead of probes, an open one at the end' {
        $outage = Watch-EchoServer 127.0.0.1 1 @fast -Count 3 -Outages
        $outage | Should-HaveType ([EchoSocket.EchoOutage])
        $outage.ProbesLost | Should-Be 3
        $outage.End | Should-BeNull
        $outage.FailedStage | Should-Be 'Connect'
        $outage.Reason | Should-Be 'refused'
        $outage.DurationMilliseconds | Should-BeGreaterThan 0
        $server | Watch-EchoServer @fast -Count 2 -Outages | Should-BeNull
    }

    It 'writes an outage when it has ended' {
        # The server refuses the second to the fourth connection.
        $bad = Start-EchoServer -KeepListening -AsJob -Port 0 -Fault (New-EchoFault -RefuseConnection -OnConnection 2, 3, 4)
        try {
            $outage = $bad | Watch-EchoServer @fast -Count 6 -Reconnect -Outages
            $outage.ProbesLost | Should-Be 3
            $outage.End | Should-BeGreaterThan $outage.Start
            ($outage.End - $outage.Start).TotalMilliseconds | Should-BeGreaterThan 0
        }
        finally {
            Remove-Job $bad -Force
        }
    }

    It 'writes columns that a spreadsheet reads' {
        $server, [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = 1 } | Watch-EchoServer @fast -Count 2 | Export-Csv "$TestDrive/probes.csv" -NoTypeInformation
        $rows = Import-Csv "$TestDrive/probes.csv"
        $rows[0].PSObject.Properties.Name -join ',' |
            Should-BeString 'Time,ComputerName,Port,Udp,Success,RoundTripMilliseconds,ConnectMilliseconds,FailedStage,Reason'
        $good, $lost = @($rows).Where({ $_.Success -eq 'True' }, 'Split')
        $good.Count, $lost.Count | Should-BeCollection @(2, 2)
        [double]::Parse($good[0].RoundTripMilliseconds) | Should-BeGreaterThan 0
        [datetime]::Parse($good[0].Time) | Should-HaveType ([datetime])
        $lost[0].RoundTripMilliseconds | Should-BeString ''
        $lost[0].Reason | Should-BeString 'refused'

        Watch-EchoServer 127.0.0.1 1 @fast -Count 2 -Outages | Export-Csv "$TestDrive/outages.csv" -NoTypeInformation
        $row = Import-Csv "$TestDrive/outages.csv"
        $row.PSObject.Properties.Name -join ',' |
            Should-BeString 'Start,End,ComputerName,Port,Udp,DurationMilliseconds,ProbesLost,FailedStage,Reason'
        $row.ProbesLost | Should-BeString '2'
        $row.End | Should-BeString ''
    }

    It 'sums up' {
        $up, $down = $server, [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = 1 } | Watch-EchoServer @fast -Count 4 -Summary
        $up.Probes, $up.Lost, $up.Outages, $up.AvailabilityPercent | Should-BeCollection @(4, 0, 0, 100)
        $up.P99Milliseconds | Should-BeGreaterThanOrEqual $up.P50Milliseconds
        $up.JitterMilliseconds | Should-BeGreaterThanOrEqual 0
        $down.Probes, $down.Lost, $down.Outages, $down.AvailabilityPercent | Should-BeCollection @(4, 4, 1, 0)
        $down.LostPercent | Should-Be 100
        $down.OutageReason | Should-BeString 'Connect: refused'
        $down.MeanMilliseconds | Should-BeNull
    }

    It 'redraws its lines at a terminal, and shows the summary on Ctrl+C' -Skip:$noTerminal {
        $ignored = (Get-Content "/proc/$PID/status") -match '^SigIgn:.*[2367abef]$'
        if ($ignored) { Set-ItResult -Skipped -Because 'a shell that runs this in the background has it ignore Ctrl+C' }
        $process = Open-PowerShell "$TestDrive/live.ps1" ([scriptblock]::Create(
                "Watch-EchoServer 127.0.0.1 $($server.Port) -IntervalSeconds 0.1 -TimeoutSeconds 30 -Live")) -Terminal
        Wait-Terminal $process { $screen -match "\x1B\[1A\r\x1B\[J127\.0\.0\.1:$($server.Port) +[\d.]+ .?s +0\.0%" }
        $process.StandardInput.Write([char] 3)
        $process.StandardInput.Flush()
        Wait-Terminal $process { $screen -match "127\.0\.0\.1, port $($server.Port): [\d,]+ probes in [\d.]+ m?s, 0 lost" -and $screen -match 'jitter' }
        $process.Screen | Should-NotMatchString 'RoundTrip +Port' -Because 'the objects would disturb the lines'
    }

    It 'stays plain text with -Live where its output is redirected' {
        $process = Open-PowerShell "$TestDrive/plain.ps1" ([scriptblock]::Create(
                "Watch-EchoServer 127.0.0.1 $($server.Port) -Count 2 -IntervalSeconds 0.02 -TimeoutSeconds 30 -Live | ForEach-Object Success"))
        (Receive-Process $process).Trim() -split '\s+' -join ' ' | Should-BeString 'True True'
    }

    It 'refuses <Test> and names <Parameter>' -ForEach @(
        @{ Parameter = 'IntervalSeconds'; Test = { Watch-EchoServer -IntervalSeconds 0 } }
        @{ Parameter = 'Count'; Test = { Watch-EchoServer -Count 0 } }
        @{ Parameter = 'DurationSeconds'; Test = { Watch-EchoServer -DurationSeconds 0 } }
        @{ Parameter = 'TimeoutSeconds'; Test = { Watch-EchoServer -TimeoutSeconds 0 } }
        @{ Parameter = 'Summary'; Test = { Watch-EchoServer -Outages -Summary } }
        @{ Parameter = 'UseTls'; Test = { Watch-EchoServer -SkipCertificateCheck } }
    ) {
        $Test | Should-Throw "*$Parameter*"
    }
}
