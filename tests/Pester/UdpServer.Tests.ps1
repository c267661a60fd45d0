# Start-EchoServer -Udp, with plain sockets as its clients.

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"

    # A UDP socket. Every call on it has a time limit.
    function Open-UdpSocket([string] $Address = '127.0.0.1', [int] $Port) {
        $socket = [Net.Sockets.Socket]::new('InterNetwork', 'Dgram', 'Udp')
        $socket.ReceiveTimeout = $socket.SendTimeout = 30000
        $socket.Bind([Net.IPEndPoint]::new([ipaddress] $Address, $Port))
        $socket
    }

    function Send-Datagram($Socket, [int] $Port, [string] $Text) {
        $null = $Socket.SendTo([Text.Encoding]::UTF8.GetBytes($Text), [Net.IPEndPoint]::new([ipaddress]::Loopback, $Port))
    }

    function Invoke-Datagram($Socket, [int] $Port, [string] $Text) {
        Send-Datagram $Socket $Port $Text
        $buffer = [byte[]]::new(65536)
        [Text.Encoding]::UTF8.GetString($buffer, 0, $Socket.Receive($buffer))
    }
}

Describe 'A UDP server in the foreground' {
    It 'answers -MessageCount messages and writes a summary' {
        $prompt = Open-Prompt { Start-EchoServer -Udp -MessageCount 3 -Port 0 -Verbose }
        $one, $two = (Open-UdpSocket), (Open-UdpSocket)
        Invoke-Datagram $one $prompt.Port 'hello' | Should-BeString 'HELLO' -CaseSensitive
        Invoke-Datagram $two $prompt.Port '' | Should-BeString ''
        Invoke-Datagram $one $prompt.Port 'again' | Should-BeString 'AGAIN' -CaseSensitive
        $messages = $prompt.Shell.Streams.Verbose
        $result = Receive-Prompt $prompt
        $result | Should-HaveType ([EchoSocket.EchoUdpSummary])
        $result.MessagesReceived, $result.MessagesSent, $result.BytesReceived, $result.BytesSent, $result.RefusedMessages -join ' ' | Should-BeString '3 3 10 10 0'
        "$($result.LocalEndPoints)" | Should-Be "127.0.0.1:$($prompt.Port)"
        "$($result.PeerEndPoints)" | Should-Be "$($one.LocalEndPoint) $($two.LocalEndPoint)"
        "$($result.PeerMessages)" | Should-Be '2 1'
        $result.Peers.Bytes -join ' ' | Should-BeString '10 0'
        $result.Peers[0].FirstSeen | Should-BeLessThanOrEqual $result.Peers[0].LastSeen
        $messages[0].Message | Should-Be "Listening for UDP on 127.0.0.1:$($prompt.Port)."
        $messages[1].Message | Should-Be "$($one.LocalEndPoint) sent 5 bytes: `"hello`""
        $messages[2].Message | Should-Be "$($two.LocalEndPoint) sent 0 bytes: `"`""
        (Open-UdpSocket -Port $prompt.Port).Dispose()
    }

    It 'ends with Ctrl+C, and frees the port' {
        $prompt = Open-Prompt { Start-EchoServer -Udp -Port 0 -Verbose }
        Invoke-Datagram (Open-UdpSocket) $prompt.Port 'hello' | Should-BeString 'HELLO' -CaseSensitive
        $prompt.Shell.Stop()
        $prompt.Running.AsyncWaitHandle.WaitOne(30000) | Should-BeTrue
        (Open-UdpSocket -Port $prompt.Port).Dispose()
    }

    It 'shows at a terminal where it listens, and after Ctrl+C what it did' -Skip:(-not $IsLinux -or -not (Get-Command script -CommandType Application -ErrorAction Ignore)) {
        $process = Open-PowerShell "$TestDrive/server.ps1" { Start-EchoServer -Udp -Port 0 } -Terminal
        Wait-Terminal $process { $screen -match 'Listening for UDP on 127\.0\.0\.1:\d+\. Press Ctrl\+C to stop\.' }
        $port = [int] ($process.Screen -replace '(?s)^.*127\.0\.0\.1:(\d+).*$', '$1')
        Invoke-Datagram (Open-UdpSocket) $port 'hello' | Should-BeString 'HELLO' -CaseSensitive
        $process.StandardInput.Write([char] 3)
        Wait-Terminal $process { $screen -match 'Answered 1 of 1 message \(5 bytes\) from 1 peer in ' }
    }

    It 'reports refused messages with -Verbose' -Skip:(-not (Test-Path /proc)) {
        $prompt = Open-Prompt { Start-EchoServer -Udp -Port 0 -AllowFrom 127.0.0.2 -Verbose }
        $refused = Open-UdpSocket
        Send-Datagram $refused $prompt.Port 'hello'
        Wait-Until { $prompt.Shell.Streams.Verbose.Count -eq 2 }
        $prompt.Shell.Streams.Verbose[1].Message | Should-Be "$($refused.LocalEndPoint) refused: -AllowFrom does not include it."
        $prompt.Shell.Stop()
    }
}

Describe 'A UDP server job' {
    AfterEach { Get-Job | Remove-Job -Force }

    It 'has counters and peers, and a summary when it is stopped' {
        $server = Start-EchoServer -Udp -AsJob -Port 0 -Name echo
        $client = Open-UdpSocket
        foreach ($i in 1..3) {
            Invoke-Datagram $client $server.Port "m$i" | Should-BeString "M$i" -CaseSensitive
        }
        Wait-Until { $server.MessagesSent -eq 3 }
        $server.State | Should-Be 'Running'
        $server.Udp | Should-BeTrue
        $server.UseTls | Should-BeFalse
        $server.MessagesReceived, $server.BytesReceived, $server.BytesSent, $server.RefusedMessages, $server.UnsentReplies -join ' ' | Should-BeString '3 6 6 0 0'
        $server.Peers.Count | Should-Be 1
        $server.Peers[0].RemoteEndPoint | Should-Be "$($client.LocalEndPoint)"
        $server.Peers[0].Messages | Should-Be 3
        $server.StatusMessage | Should-Be '3 messages'
        $server | Out-String -Width 120 | Should-MatchString "\s$($server.Id) echo +Running +1 +3 +6 127\.0\.0\.1:$($server.Port)"
        Stop-Job $server
        $server.State | Should-Be 'Stopped'
        (Receive-Job $server).MessagesReceived | Should-Be 3
        (Open-UdpSocket -Port $server.Port).Dispose()
    }

    It 'completes after -MessageCount messages' {
        $server = Start-EchoServer -Udp -MessageCount 2 -AsJob -Port 0
        $client = Open-UdpSocket
        $null = Invoke-Datagram $client $server.Port 'a'
        $null = Invoke-Datagram $client $server.Port 'b'
        (Receive-Server $server).MessagesSent | Should-Be 2
        $server.State | Should-Be 'Completed'
    }

    It 'is removed while it runs, and ends with the module' {
        foreach ($removal in { Remove-Job $server -Force }, { Remove-Module EchoSocket }) {
            try {
                $server = Start-EchoServer -Udp -AsJob -Port 0
                & $removal
                (Open-UdpSocket -Port $server.Port).Dispose()
            }
            finally {
                Import-Module $manifest
            }
        }
    }

    It 'returns its verbose messages with Receive-Job -Verbose' {
        $server = Start-EchoServer -Udp -MessageCount 1 -AsJob -Port 0 -Verbose 4> $null
        $client = Open-UdpSocket
        $null = Invoke-Datagram $client $server.Port "a`nb"
        $null = Wait-Job $server -Timeout 30
        $told = Receive-Job $server -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }
        $told.Message | Should-Be "$($client.LocalEndPoint) sent 3 bytes: `"a\nb`""
    }

    It 'tells a TCP job from a UDP job' {
        (Start-EchoServer -AsJob -Port 0).Udp | Should-BeFalse
    }
}

Describe 'Start-EchoServer' {
    It 'refuses -<Name> with -Udp before it opens anything' -ForEach @(
        @{ Name = 'UseTls'; Value = $true }, @{ Name = 'RequireClientCertificate'; Value = $true }, @{ Name = 'TrustedClient'; Value = '0' * 64 }
        @{ Name = 'HandshakeTimeoutSeconds'; Value = 1 }, @{ Name = 'Backlog'; Value = 1 }, @{ Name = 'IdleTimeoutSeconds'; Value = 1 }
        @{ Name = 'KeepAliveSeconds'; Value = 1 }, @{ Name = 'ThreadCount'; Value = 2 }, @{ Name = 'MaxConnections'; Value = 1 }
        @{ Name = 'ConnectionCount'; Value = 1 }, @{ Name = 'Seed'; Value = 1 }, @{ Name = 'KeepReceived'; Value = 1 }
        @{ Name = 'Fault'; Value = $null }
    ) {
        $more = @{ $Name = if ($Name -eq 'Fault') { New-EchoFault -Reset -AfterBytes 1 } else { $Value } }
        { Start-EchoServer -Udp -Port 0 -Address no-such-host.invalid @more } |
            Should-Throw -FullyQualifiedErrorId 'ParameterConflict,*' -ExceptionMessage "-$Name is for TCP, and -Udp asks for UDP: omit one of them."
    }

    It 'keeps listening over UDP, and takes -KeepListening for it' {
        $job = Start-EchoServer -Udp -KeepListening -AsJob -Port 0
        try {
            1..3 | ForEach-Object { "message $_" } | Send-EchoMessage -ComputerName $job | Should-BeCollection 'MESSAGE 1', 'MESSAGE 2', 'MESSAGE 3'
        }
        finally {
            $job | Remove-Job -Force
        }
    }

    It 'refuses -<Name> without -Udp' -ForEach @{ Name = 'MessageCount'; Value = 1 }, @{ Name = 'AllowPrivilegedPort'; Value = $true } {
        $more = @{ $Name = $Value }
        { Start-EchoServer -Port 0 -Address no-such-host.invalid @more } | Should-Throw -FullyQualifiedErrorId 'ParameterRequired,*' -ExceptionMessage "-$Name *: add -Udp, or omit -$Name."
    }

    It 'accepts a TCP switch that is off' {
        $server = Start-EchoServer -Udp -UseTls:$false -KeepListening:$false -AsJob -Port 0
        Remove-Job $server -Force
    }

    It 'reports a port in use' {
        $server = Start-EchoServer -Udp -AsJob -Port 0
        { Start-EchoServer -Udp -Port $server.Port } | Should-Throw -FullyQualifiedErrorId 'AddressInUse,*'
        Remove-Job $server -Force
    }

    It 'warns where other computers can send to a UDP server' {
        $server = Start-EchoServer -Udp -Address 0.0.0.0 -AsJob -Port 0 -WarningVariable warned 3> $null
        "$warned" | Should-BeLikeString '*other computers can reach it*'
        Remove-Job $server -Force
    }
}
