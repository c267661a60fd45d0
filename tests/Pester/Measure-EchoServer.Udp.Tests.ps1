BeforeAll {
    . "$PSScriptRoot/Shared.ps1"

    # A UDP echo server in a runspace of its own. The script is given each datagram's bytes, and its number from 0, and writes the
    # replies, each as one array.
    function Open-UdpServer([scriptblock] $Answer = { , $bytes }) {
        $socket = [Net.Sockets.UdpClient]::new([Net.IPEndPoint]::new([Net.IPAddress]::Loopback, 0))
        $shell = [powershell]::Create().AddScript({
                param($socket, $answer)
                $answer = [scriptblock]::Create($answer)
                for ($number = 0; ; $number++) {
                    $client = [Net.IPEndPoint]::new([Net.IPAddress]::Any, 0)
                    try { $bytes = $socket.Receive([ref] $client) } catch { return }
                    foreach ($reply in @(. $answer)) { $null = $socket.Send($reply, $reply.Length, $client) }
                }
            }).AddArgument($socket).AddArgument("$Answer")
        $null = $shell.BeginInvoke()
        $server = [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $socket.Client.LocalEndPoint.Port; Udp = $true }
        $servers.Add(@{ Socket = $socket; Shell = $shell })
        $server
    }

    $script:servers = [Collections.Generic.List[object]]::new()
    $script:server = Open-UdpServer
}

AfterAll {
    foreach ($one in $servers) {
        $one.Socket.Dispose()
        $one.Shell.Stop()
        $one.Shell.Dispose()
    }
    Close-Everything
}

Describe 'Measure-EchoServer -Udp' {
    It 'counts every datagram and reports the round-trip times' {
        $result = Measure-EchoServer -Port $server.Port -Udp -Count 100 -Connections 2 -InFlight 4 -OperationTimeoutSeconds 20
        $result | Should-HaveType ([EchoSocket.EchoUdpStatistics])
        $result.Sent, $result.Received, $result.Lost, $result.Late, $result.Duplicated, $result.LongestLossRun -join ' ' | Should-BeString '100 100 0 0 0 0'
        $result.LostPercent, $result.LatePercent, $result.DuplicatedPercent -join ' ' | Should-BeString '0 0 0'
        $result.Connections, $result.InFlight -join ' ' | Should-BeString '2 4'
        $result.Errors.Count, $result.FailedConnections -join ' ' | Should-BeString '0 0'
        $result.P50 | Should-BeLessThanOrEqual $result.Maximum
        $result.Jitter | Should-HaveType ([timespan])
        $result.JitterMilliseconds | Should-BeGreaterThan 0
        ($result.Histogram | Measure-Object Count -Sum).Sum | Should-Be 100
    }

    It 'counts what is lost, duplicated and reordered, and shows it' {
        # Of ten datagrams the third and the fourth are lost, the fifth comes twice, and the seventh and the eighth are swapped.
        $bad = Open-UdpServer {
            switch ($number % 10) {
                2 { } 3 { }
                4 { , $bytes; , $bytes }
                6 { $kept = $bytes }
                7 { , $bytes; , $kept }
                default { , $bytes }
            }
        }
        $result = $bad | Measure-EchoServer -Count 20 -InFlight 20 -WarmupCount 0 -OperationTimeoutSeconds 4
        $result.Sent, $result.Received, $result.Lost, $result.Late, $result.Duplicated, $result.Reordered, $result.LongestLossRun -join ' ' |
            Should-BeString '20 16 4 0 2 2 2'
        $result.LostPercent, $result.DuplicatedPercent, $result.ReorderedPercent -join ' ' | Should-BeString '20 10 10'
        $view = $result | Out-String
        $view | Should-MatchString 'Load +UDP, 1 socket, 20 in flight on each, 32-byte messages, closed loop'
        $view | Should-MatchString '20 sent, 16 received, 4 lost \(20'
        $view | Should-MatchString '0 late, 2 duplicated \(10.*\), 2 reordered \(10'
        $view | Should-MatchString 'longest run of losses 2'
        $view | Should-MatchString 'Jitter +\d'
        Copy-BySerialization $result | Out-String | Should-BeString $view -CaseSensitive
        $result | Format-Table | Out-String | Should-MatchString 'Sent +Lost +Late +Dup +Reord +Errors +P50 +Jitter'
    }

    It 'keeps to a rate and a duration, with room for what is outstanding' {
        $result = $server | Measure-EchoServer -DurationSeconds 0.5 -Rate 100 -OperationTimeoutSeconds 20
        $result.Sent, $result.Received -join ' ' | Should-BeString '50 50'
        $result.InFlight | Should-Be 10000
        $result | Out-String | Should-MatchString 'UDP, 1 socket, 32-byte messages, open loop at 100/s'
    }

    It 'writes an error and a result for a port that nothing listens on, and measures the next' {
        $closed = Open-UdpServer
        $servers[-1].Socket.Dispose()
        $results = $closed, $server | Measure-EchoServer -Count 5 -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems.Count | Should-Be 1
        $problems[0].FullyQualifiedErrorId | Should-BeLikeString 'ConnectionRefused,*'
        $results.Received -join ' ' | Should-BeString '0 5'
        $results[0].Errors.ConnectionRefused | Should-Be 1
        $results[0].FailedConnections | Should-Be 1
        $results[0].LostPercent | Should-BeNull
        $results[0] | Out-String | Should-MatchString 'Errors +ConnectionRefused 1'
    }

    It 'says so when nothing comes back' {
        $silent = Open-UdpServer { }
        $result = $silent | Measure-EchoServer -Count 1000 -OperationTimeoutSeconds 0.05 -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems.FullyQualifiedErrorId | Should-BeLikeString 'OperationTimeout,*'
        "$problems" | Should-MatchString 'No reply to any message came from 127\.0\.0\.1:\d+ within 0\.05 s: '
        $result.Received | Should-Be 0
        $result.Sent | Should-Be $result.Lost
        $result.Detail | Should-MatchString 'The run ended early'
    }

    It 'draws a picture that names UDP and what was lost' {
        $server | Measure-EchoServer -Count 20 -SvgPath TestDrive:/udp.svg | Should-BeCollection -Count 1
        ([xml] (Get-Content TestDrive:/udp.svg -Raw)).DocumentElement.InnerText | Should-MatchString '1 UDP socket.*0 late, 0 duplicated'
    }

    It 'asks for UDP by the property Udp of a <Name>, unless the command says otherwise' -ForEach @(
        @{ Name = 'piped object'; Measure = { $server | Measure-EchoServer -Count 3 } }
        @{ Name = 'row of a file'; Measure = { $server | ConvertTo-Csv | ConvertFrom-Csv | Measure-EchoServer -Count 3 } }
    ) {
        (& $Measure).Received | Should-Be 3
        (& $Measure) | Should-HaveType ([EchoSocket.EchoUdpStatistics])
        $tcp = $server | Measure-EchoServer -Count 3 -Udp:$false -ErrorAction SilentlyContinue
        $tcp.Errors.ConnectionRefused | Should-Be 1 -Because 'no TCP server listens on that port'
    }

    It 'finds the largest datagram that comes back whole' {
        $narrow = Open-UdpServer { if ($bytes.Length -le 1372) { , $bytes } }
        $result = $narrow | Measure-EchoServer -FindMtu -OperationTimeoutSeconds 0.5
        $result | Should-HaveType ([EchoSocket.EchoPathMtu])
        $result.MaxMessageSize, $result.PathMtu, $result.Detail -join ' ' | Should-BeString '1372 1400 '
        $result.Duration | Should-HaveType ([timespan])
        $view = $result | Out-String
        $view | Should-MatchString '(?s)MaxMessageSize +PathMtu.* 1372 +1400 '
        Copy-BySerialization $result | Out-String | Should-BeString $view -CaseSensitive
    }

    It 'finds no size, and says why, where nothing comes back' {
        $result = Open-UdpServer { } | Measure-EchoServer -FindMtu -OperationTimeoutSeconds 0.05 -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems.FullyQualifiedErrorId | Should-BeLikeString 'OperationTimeout,*'
        $result.PathMtu | Should-BeNull
    }

    It 'writes data that CSV and JSON hold whole' {
        $results = @($server | Measure-EchoServer -Count 5; $server | Measure-EchoServer -FindMtu)
        foreach ($result in $results) {
            foreach ($one in $result, (Copy-BySerialization $result)) {
                $names = $result.PSObject.Properties.Name
                $names[0..2] | Should-BeCollection 'Time', 'ComputerName', 'Port'
                $back = $one | ConvertTo-Json -WarningAction Stop | ConvertFrom-Json
                $back.PSObject.Properties.Name | Should-BeCollection @($names)
                $row = $one | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv
                $row.PSObject.Properties.Name | Should-BeCollection @($names)
                $row.ComputerName | Should-Be '127.0.0.1'
            }
        }
    }

    It 'refuses <Parameter>, which is for TCP, before anything is sent' -ForEach @(
        @{ Parameter = 'UseTls'; Measure = { Measure-EchoServer -Port $server.Port -Udp -UseTls } }
        @{ Parameter = 'SkipCertificateCheck'; Measure = { Measure-EchoServer -Port $server.Port -Udp -SkipCertificateCheck } }
        @{ Parameter = 'TlsHostName'; Measure = { Measure-EchoServer -Port $server.Port -Udp -TlsHostName x } }
        @{ Parameter = 'KeepAliveSeconds'; Measure = { Measure-EchoServer -Port $server.Port -Udp -KeepAliveSeconds 5 } }
    ) {
        { & $Measure } | Should-Throw "-$Parameter is for TCP, and -Udp asks for UDP: omit one of them." -FullyQualifiedErrorId 'ParameterConflict,*'
        $call = Invoke-Call { param([Parameter(ValueFromPipeline)] $row) process { $row | Measure-EchoServer -KeepAliveSeconds 5 -Count 1 } } $server
        $call.Ids | Should-Be 'ParameterConflict'
    }

    It 'refuses <Parameter>, which is for UDP, without -Udp' -ForEach @(
        @{ Parameter = 'DontFragment'; Measure = { Measure-EchoServer -DontFragment } }
        @{ Parameter = 'FindMtu'; Measure = { Measure-EchoServer -FindMtu } }
        @{ Parameter = 'FindMtu'; Measure = { Measure-EchoServer -FindMtu -Udp:$false } }
    ) {
        $Measure | Should-Throw "-$Parameter is for UDP*" -FullyQualifiedErrorId 'ParameterRequired,*'
    }

    It 'writes an error for a row that does not ask for UDP, and measures the next' {
        $other = [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $server.Port; Udp = $false }
        $results = $other, $server | Measure-EchoServer -DontFragment -Count 3 -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems.FullyQualifiedErrorId | Should-BeLikeString 'ParameterRequired,*'
        $results.Received | Should-Be 3
        $results.DontFragment | Should-BeTrue
    }

    It 'refuses a message of <Size> bytes' -ForEach @(
        @{ Size = 7; Id = 'ParameterConflict' }
        @{ Size = 65528; Id = 'MessageTooLarge' }
    ) {
        { Measure-EchoServer -Port $server.Port -Udp -MessageSize $Size } | Should-Throw -FullyQualifiedErrorId "$Id,*"
    }

    It 'refuses a message that fits into IPv6 and not into IPv4, with the limit' {
        $null = $server | Measure-EchoServer -MessageSize 65508 -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems.FullyQualifiedErrorId | Should-BeLikeString 'MessageTooLarge,*'
        "$problems" | Should-MatchString 'at most 65.507 bytes'
        $problems[0].CategoryInfo.Category | Should-Be 'LimitsExceeded'
    }

    It 'refuses -<Parameter> with -FindMtu' -ForEach @(
        @{ Parameter = 'Count'; Value = 5 }, @{ Parameter = 'Rate'; Value = 5 }, @{ Parameter = 'MessageSize'; Value = 50 }, @{ Parameter = 'InFlight'; Value = 5 }, @{ Parameter = 'SvgPath'; Value = 'x.svg' }
    ) {
        $given = @{ $Parameter = $Value }
        { Measure-EchoServer -Port $server.Port -Udp -FindMtu @given } | Should-Throw "-FindMtu and -$Parameter can't be used together*" -FullyQualifiedErrorId 'ParameterConflict,*'
    }
}
