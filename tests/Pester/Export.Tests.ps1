# Results as data for other programs: numbers, words and times, in CSV, in JSON and after remoting, whichever cmdlet wrote
# them and however many there are.

BeforeDiscovery {
    $script:kinds = 'connections', 'replies', 'reports', 'statistics', 'probes', 'outages', 'summaries'
}

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"

    # Of each kind several, good and bad ones.
    $before = [datetime]::UtcNow
    $server = Start-EchoServer -KeepListening -AsJob -Port 0 -Fault (New-EchoFault -Slice 1 -OnConnection 1), (New-EchoFault -Delay 1 -OnConnection 1) -KeepReceived 3
    $down = [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = 1 }
    $byName = [pscustomobject]@{ ComputerName = 'localhost'; Port = $server.Port }
    $unknown = [pscustomobject]@{ ComputerName = 'no-such-host.invalid'; Port = 7 }
    $script:results = @{
        replies    = $server | Send-EchoMessage -Message 'a', "b`n`"c`", d" -Detailed
        reports    = $byName, $down, $unknown | Test-EchoServer -Detailed
        statistics = $server, $down | Measure-EchoServer -Count 20 -ErrorAction SilentlyContinue
    }
    $tls = Start-EchoServer -UseTls -KeepListening -AsJob -Port 0
    $results.replies += $tls | Send-EchoMessage -Message c -Detailed
    $results.reports += $tls | Test-EchoServer -Detailed -WarningAction SilentlyContinue
    $watch = @{ Count = 2; IntervalSeconds = 0.02; TimeoutSeconds = 30 }
    $results.probes = $tls, $down, $unknown | Watch-EchoServer @watch
    $results.outages = $down, $unknown | Watch-EchoServer @watch -Outages
    $results.summaries = $tls, $down | Watch-EchoServer @watch -Summary
    $details = [EchoSocket.TlsDetails]::Of($tls.Certificate)
    $results.statistics += [EchoSocket.EchoStatistics][EchoSocket.MeterResult]@{ Tls = $details; TlsTime = [timespan]::FromMilliseconds(1.5); StartTime = [datetime]::UtcNow }
    Remove-Job $tls -Force
    $client = Connect-Socket $server.Port
    $client.LingerState = [Net.Sockets.LingerOption]::new($true, 0)
    $client.Close()
    Wait-Until { $server.TotalConnections -eq 4 -and $server.ActiveConnections -eq 0 }
    Stop-Job $server
    $results.connections = Receive-Job $server
    Remove-Job $server
    $script:span = $before, [datetime]::UtcNow

    # The hidden properties, and what each is made of.
    $script:hidden = @{
        connections = @{ Duration = 'DurationMilliseconds' }
        replies     = @{ RoundTripTime = 'RoundTripMilliseconds'; TlsTime = 'TlsMilliseconds' }
        reports     = @{
            ResolveTime = 'ResolveMilliseconds'; ConnectTime = 'ConnectMilliseconds'; TlsTime = 'TlsMilliseconds'; FirstByteTime = 'FirstByteMilliseconds'; EchoTime = 'EchoMilliseconds'
        }
        statistics  = @{
            Duration = 'DurationMilliseconds'; ConnectTime = 'ConnectMilliseconds'; TlsTime = 'TlsMilliseconds'; Minimum = 'MinimumMilliseconds'; Mean = 'MeanMilliseconds'
            StandardDeviation = 'StandardDeviationMilliseconds'; P50 = 'P50Milliseconds'; P90 = 'P90Milliseconds'; P99 = 'P99Milliseconds'
            P999 = 'P999Milliseconds'; Maximum = 'MaximumMilliseconds'
        }
        probes      = @{ RoundTripTime = 'RoundTripMilliseconds'; ConnectTime = 'ConnectMilliseconds' }
        outages     = @{ Duration = 'DurationMilliseconds' }
        summaries   = @{
            Duration = 'DurationMilliseconds'; Minimum = 'MinimumMilliseconds'; Mean = 'MeanMilliseconds'; P50 = 'P50Milliseconds'; P99 = 'P99Milliseconds'; Maximum = 'MaximumMilliseconds'
            Jitter = 'JitterMilliseconds'; OutageTime = 'OutageMilliseconds'; LongestOutage = 'LongestOutageMilliseconds'
        }
    }
    $script:others = @{ probes = @(); outages = 'Time'; summaries = @(); connections = 'StartTime', 'Faults', 'ReceivedBytes'; replies = @(); reports = 'Attempts'; statistics = 'Histogram' }

    function Get-PropertyName($Result) {
        $Result.PSObject.Properties.Name
    }

    # What is neither a number, a word, a time or nothing, in a value from JSON.
    function Find-Object($Value, [string] $Path) {
        if ($Value -is [Management.Automation.PSCustomObject]) {
            foreach ($property in $Value.PSObject.Properties) { Find-Object $property.Value "$Path.$($property.Name)" }
        }
        elseif ($Value -is [array]) {
            foreach ($item in $Value) { Find-Object $item "$Path[]" }
        }
        elseif ($null -ne $Value -and $Value -isnot [string] -and $Value -isnot [datetime] -and $Value -isnot [valuetype]) {
            "$Path is $($Value.GetType())"
        }
    }
}

Describe 'The <_> of several' -ForEach $kinds {
    BeforeAll {
        $script:kind = $_
        $script:live = @($results[$_])
        $script:copies = $live | ForEach-Object { Copy-BySerialization $_ }
        $script:copiesOfCopies = $copies | ForEach-Object { Copy-BySerialization $_ }
        $script:culture = [cultureinfo]::CurrentCulture
    }

    AfterEach { [cultureinfo]::CurrentCulture = $culture }

    It 'have a time in UTC, of their beginning' {
        foreach ($result in $live + $copies) {
            $result.Time | Should-HaveType ([datetime])
            $result.Time.Kind | Should-Be 'Utc'
            $result.Time | Should-BeGreaterThanOrEqual $span[0]
            $result.Time | Should-BeLessThanOrEqual $span[1]
        }
    }

    It 'are numbers, words, times and lists of them' {
        foreach ($property in $live | ForEach-Object { $_.PSObject.Properties }) {
            foreach ($value in $property.Value) {
                $plain = $null -eq $value -or $value -is [string] -or $value -is [datetime] -or $value.GetType().IsPrimitive -or $value -is [EchoSocket.ErrorCounts]
                $plain | Should-BeTrue -Because "$($property.Name) is $value"
            }
        }
    }

    It 'survive a CSV file in <_>, before and after remoting' -ForEach 'en-US', 'de-DE' {
        # Export-Csv writes numbers and times as the culture does; those of de-DE have a comma.
        foreach ($objects in $live, $copies, $copiesOfCopies) {
            [cultureinfo]::CurrentCulture = $_
            $objects | Export-Csv TestDrive:/results.csv -NoTypeInformation
            $rows = @(Import-Csv TestDrive:/results.csv)
            $rows.Count | Should-Be $live.Count
            Get-PropertyName $rows[0] | Should-BeCollection @(Get-PropertyName $live[0])
            for ($i = 0; $i -lt $rows.Count; $i++) {
                foreach ($name in Get-PropertyName $live[$i]) {
                    $value = $live[$i].$name
                    $cell = $rows[$i].$name
                    if ($value -is [double]) {
                        [double]::Parse($cell) | Should-Be $value -Because $name
                    }
                    elseif ($value -is [datetime]) {
                        [datetime]::Parse($cell).Ticks / 10000000 | Should-Be ([math]::Floor($value.Ticks / 10000000))
                    }
                    elseif ($value -is [Collections.IList]) {
                        $cell | Should-BeString -CaseSensitive (($value | ForEach-Object { "$($_.ToString())" }) -join '; ') -Because $name
                    }
                    elseif ($value -is [Collections.IDictionary]) {
                        $cell | Should-BeString -CaseSensitive $(if ($value.Count) { 'ConnectionRefused 1' } else { '' })
                    }
                    else {
                        $cell | Should-BeString -CaseSensitive "$value" -Because $name
                    }
                }
            }
            [cultureinfo]::CurrentCulture.Name | Should-Be $_
        }
    }

    It 'survive JSON at the default depth, before and after remoting, one and all' {
        foreach ($objects in $live, $copies, $copiesOfCopies) {
            foreach ($some in @(, $objects) + @($objects | ForEach-Object { , @($_) })) {
                $json = ConvertTo-Json -InputObject $some -WarningVariable warnings -WarningAction SilentlyContinue
                $warnings.Count | Should-Be 0 -Because "$warnings"
                $back = @($json | ConvertFrom-Json | ForEach-Object { $_ })
                $back.Count | Should-Be $some.Count
                Find-Object $back | Should-BeNull
                for ($i = 0; $i -lt $back.Count; $i++) {
                    Get-PropertyName $back[$i] | Should-BeCollection @(Get-PropertyName $live[0])
                    foreach ($name in (Get-PropertyName $back[$i]) -ne 'Errors') {
                        @($back[$i].$name) -join '; ' | Should-BeString -CaseSensitive (@($some[$i].$name) -join '; ') -Because $name
                    }
                }
            }
        }
    }

    It 'have times that old scripts know, which commands take by name and exports leave out' {
        $known = $hidden[$kind]
        foreach ($objects in $live, $copies, $copiesOfCopies) {
            foreach ($name in $known.Keys) {
                foreach ($result in $objects) {
                    $milliseconds = $result.($known[$name])
                    if ($null -ne $milliseconds) {
                        $result.$name | Should-HaveType ([timespan])
                        $result.$name.Ticks | Should-Be ([math]::Round($milliseconds * 10000)) -Because $name
                    }
                }

                $ordered = @($objects | Sort-Object $name | Where-Object $name -NE $null | ForEach-Object { $_.$name })
                for ($i = 1; $i -lt $ordered.Count; $i++) {
                    $ordered[$i] | Should-BeGreaterThanOrEqual $ordered[$i - 1] -Because $name
                }
                $selected = @($objects | Where-Object $name -GT ([timespan]::Zero) | Select-Object $name)
                $selected.Count | Should-BeGreaterThan 0 -Because $name
                $selected[0].$name | Should-HaveType ([timespan])
            }

            foreach ($name in @($known.Keys) + @($others[$kind])) {
                ($objects | Get-Member -MemberType Properties).Name | Should-NotContainCollection $name
            }
        }
    }
}

Describe 'The result of a connection' {
    It 'costs a busy server one small object: a reference' {
        $fields = [EchoSocket.EchoConnection].GetFields([Reflection.BindingFlags] 'Instance, NonPublic, Public')
        $fields | Should-BeCollection -Count 1
        $fields[0].FieldType | Should-Be ([EchoSocket.ConnectionResult])
    }
}

Describe 'Milliseconds' {
    It 'are exact to 100 ns: <_>' -ForEach 0, 1, 3, 286, 12345, 864000000001, 123456789012345 {
        $milliseconds = [EchoSocket.Milliseconds]::From([timespan]::FromTicks($_))
        $milliseconds | Should-Be ([double] ([decimal] $_ / 10000))
        [EchoSocket.Milliseconds]::ToTimeSpan($milliseconds).Ticks | Should-Be $_
    }
}

Describe 'Old scripts' {
    It 'find the start of a connection in local time' {
        foreach ($connection in $results.connections[0], (Copy-BySerialization $results.connections[0])) {
            $connection.StartTime.Kind | Should-Be 'Local'
            $connection.StartTime.ToUniversalTime() | Should-Be $connection.Time
        }
    }

    It 'compare words as they compared enums' {
        $results.connections[0].EndReason -eq [EchoSocket.EndReason]::PeerClosed | Should-BeTrue
        $results.reports[1].FailedStage -eq [EchoSocket.EchoPathStage]::Connect | Should-BeTrue
    }

    It 'find zero for a stage that was not reached' {
        $results.reports[1].EchoMilliseconds | Should-BeNull
        $results.reports[1].EchoTime | Should-Be ([timespan]::Zero)
        $results.reports[2].ResolveTime | Should-Be ([timespan]::Zero)
    }

    It 'find the attempts to connect' {
        foreach ($report in $results.reports[1], (Copy-BySerialization $results.reports[1])) {
            $report.Attempts.Count | Should-Be 1
            $report.Attempts[0] | Should-HaveType ([EchoSocket.EchoConnectAttempt])
            $report.Attempts[0].EndPoint | Should-Be '127.0.0.1:1'
            $report.Attempts[0].Error | Should-Be 'refused'
            $report.Attempts[0].Time | Should-HaveType ([timespan])
            "$($report.Attempts)" | Should-BeString '127.0.0.1:1 refused'
        }
        $results.reports[2].Attempts.Count | Should-Be 0
        $results.reports[1].Addresses.Length | Should-Be 1 -Because 'it was an array'
    }

    It 'find the histogram' {
        foreach ($statistics in $results.statistics[0], (Copy-BySerialization $results.statistics[0])) {
            $statistics.Histogram[0] | Should-HaveType ([EchoSocket.EchoHistogramBucket])
            ($statistics.Histogram | Measure-Object Count -Sum).Sum | Should-Be 20
            foreach ($bucket in $statistics.Histogram) {
                $bucket.ToMicroseconds | Should-BeGreaterThan $bucket.FromMicroseconds
            }
        }
        $results.statistics[1].Histogram.Count | Should-Be 0
    }

    It 'find errors by name' {
        foreach ($statistics in $results.statistics[1], (Copy-BySerialization $results.statistics[1])) {
            $statistics.Errors.ConnectionRefused | Should-Be 1
        }
    }
}
