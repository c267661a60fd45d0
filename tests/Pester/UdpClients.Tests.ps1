# Send-EchoMessage and Test-EchoServer over UDP, against a plain socket.

BeforeDiscovery {
    $script:namespaces = $false
    if ($IsLinux -and (Get-Command unshare, ip -CommandType Application -ErrorAction Ignore)) {
        unshare --net true 2> $null
        $script:namespaces = $LASTEXITCODE -eq 0
    }
}

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"

    # Answers each datagram in upper case, but loses those that begin with 'lost'. It ends with its socket.
    $script:socket = [Net.Sockets.UdpClient]::new([Net.IPEndPoint]::new([ipaddress]::Loopback, 0))
    $script:port = $socket.Client.LocalEndPoint.Port
    $script:shell = [powershell]::Create().AddScript({
            param($Socket)
            while ($true) {
                $from = [Net.IPEndPoint]::new([ipaddress]::Any, 0)
                $latin = [Text.Encoding]::GetEncoding(28591) # a character for each byte
                $text = $latin.GetString($Socket.Receive([ref] $from))
                if ($text -notlike 'lost*') {
                    $reply = $latin.GetBytes([regex]::Replace($text, '[a-z]+', { "$($args[0])".ToUpperInvariant() }))
                    $null = $Socket.Send($reply, $reply.Length, $from)
                }
            }
        }).AddArgument($socket)
    $script:running = $shell.BeginInvoke()
    $script:row = [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $port; Udp = $true }
}

AfterAll {
    $socket.Dispose()
    $null = $running.AsyncWaitHandle.WaitOne(30000)
    $shell.Dispose()
    Close-Everything
}

Describe 'Send-EchoMessage -Udp' {
    It 'writes the replies in the order of the messages' {
        'hello', 'world' | Send-EchoMessage -Udp -Port $port | Should-BeCollection @('HELLO', 'WORLD')
        Send-EchoMessage hello 127.0.0.1 $port -Udp | Should-BeString HELLO -CaseSensitive
    }

    It 'writes an object for each with -Detailed, whose port is its own' {
        $replies = 'a', 'b' | Send-EchoMessage -Udp -Port $port -Detailed
        $replies.Reply | Should-BeCollection @('A', 'B')
        $replies.RoundTripMilliseconds | Should-All { $_ -gt 0 }
        $replies.RemoteEndPoint | Should-All { $_ -eq "127.0.0.1:$port" }
        $replies[0].LocalEndPoint | Should-NotBe $replies[1].LocalEndPoint
    }

    It 'sends and writes bytes' {
        $bytes = [byte[]] (104, 105)
        (Send-EchoMessage -InputBytes $bytes -Udp -Port $port) -join ' ' | Should-Be '72 73'
        (, $bytes | Send-EchoMessage -Udp -Port $port -Detailed).ReplyHex | Should-Be '4849'
    }

    It 'goes on after a lost reply, and counts it' {
        $replies = 'a', 'lost', 'b', 'lost too', 'c' | Send-EchoMessage -Udp -Port $port -OperationTimeoutSeconds 0.3 -ErrorVariable lost -ErrorAction SilentlyContinue
        $replies | Should-BeCollection @('A', 'B', 'C')
        $lost.TargetObject | Should-BeCollection @('lost', 'lost too')
        $lost.FullyQualifiedErrorId | Should-All { $_ -like 'OperationTimeout,*' }
        "$($lost[0])" | Should-MatchString 'within 0\.3 s: the message or its reply is lost'
    }

    It 'refuses an empty message, and one that fits no datagram' {
        { Send-EchoMessage '' -Udp -Port $port } | Should-Throw '*The message is empty*'
        { Send-EchoMessage ('x' * 65508) -Udp -Port $port -ErrorAction Stop } | Should-Throw '*at most 65,507 bytes*' -FullyQualifiedErrorId 'MessageTooLarge,*'
        (Send-EchoMessage ('x' * 9000) -Udp -Port $port).Length | Should-Be 9000
    }

    It 'refuses <With>' -ForEach @{ With = @{ InFlight = 2 } }, @{ With = @{ UseTls = $true } }, @{ With = @{ KeepAliveSeconds = 5 } } {
        { Send-EchoMessage hi -Udp -Port $port @With } | Should-Throw "-$($With.Keys) is for TCP, and -Udp asks for UDP: omit one of them." -FullyQualifiedErrorId 'ParameterConflict,*'
        { Send-EchoMessage hi -Udp:$false -Port 1 @With } | Should-Throw -FullyQualifiedErrorId 'ConnectionRefused,*'
    }

    It 'is asked for by input objects, too' {
        $row | Send-EchoMessage -Message hi | Should-BeString HI -CaseSensitive
        "Message,ComputerName,Port,Udp`nhi,127.0.0.1,$port,True" | ConvertFrom-Csv | Send-EchoMessage | Should-BeString HI -CaseSensitive
    }

    It 'says that nothing listens' {
        { Send-EchoMessage hi -Udp -Port 1 -ErrorAction Stop } | Should-Throw '*Nothing listens on 127.0.0.1:1 over UDP*' -FullyQualifiedErrorId 'ConnectionRefused,*'
    }
}

Describe 'Test-EchoServer -Udp' {
    It 'writes true or false' {
        Test-EchoServer 127.0.0.1 $port -Udp | Should-BeTrue
        Test-EchoServer 127.0.0.1 1 -Udp | Should-BeFalse
        $row | Test-EchoServer | Should-BeTrue
    }

    It 'reports the stages Resolve and Echo' {
        $report = Test-EchoServer localhost $port -Udp -IPv4 -Detailed
        $report.Success | Should-BeTrue
        $report.ConnectMilliseconds | Should-BeNull
        ($report.ResolveMilliseconds -gt 0) -and ($report.EchoMilliseconds -gt 0) | Should-BeTrue
        $refused = Test-EchoServer 127.0.0.1 1 -Udp -Detailed
        "$($refused.FailedStage) $($refused.Reason)" | Should-Be 'Echo refused'
        (Test-EchoServer no-such-host.invalid 7 -Udp -Detailed).FailedStage | Should-Be 'Resolve'
    }

    It 'takes its own report as the next target, also after it was saved' {
        $report = Test-EchoServer 127.0.0.1 $port -Udp -Detailed
        ($report | Test-EchoServer -Detailed).Udp | Should-BeTrue
        ($report | ConvertTo-Csv | ConvertFrom-Csv | Test-EchoServer -Detailed).Success | Should-BeTrue
        (Copy-BySerialization $report).Udp | Should-BeTrue
        $report | Format-List | Out-String | Should-MatchString '(?m)^Udp +: True'
    }
}

Describe 'On a path with a small MTU' {
    It 'a large message warns, and goes through in fragments (needs a network namespace)' -Skip:(-not $namespaces) {
        $script = @'
            Import-Module $args[0]
            $socket = [Net.Sockets.UdpClient]::new([Net.IPEndPoint]::new([ipaddress]::Loopback, 0))
            $shell = [powershell]::Create().AddScript({
                    param($Socket)
                    while ($true) {
                        $from = [Net.IPEndPoint]::new([ipaddress]::Any, 0)
                        $bytes = $Socket.Receive([ref] $from)
                        $null = $Socket.Send($bytes, $bytes.Length, $from)
                    }
                }).AddArgument($socket)
            $null = $shell.BeginInvoke()
            $sizes = 1472, 1473, 20000
            $replies = $sizes | ForEach-Object { 'x' * $_ } |
                Send-EchoMessage -Udp -Port $socket.Client.LocalEndPoint.Port -WarningVariable warnings -WarningAction SilentlyContinue
            ($replies | ForEach-Object Length) -join ' '
            $warnings.Count
            "$warnings"
            [Environment]::Exit(0)
'@
        $file = Join-Path $TestDrive mtu.ps1
        Set-Content $file $script
        $module = Resolve-Path "$PSScriptRoot/../../EchoSocket.psd1"
        $lines = @(unshare --net sh -c 'ip link set lo up mtu 1500; exec dotnet "$@"' sh "$PSHOME/pwsh.dll" -NoProfile -File $file $module)
        $lines[0] | Should-Be '1472 1473 20000'
        $lines[1] | Should-Be '1'
        $lines[2] | Should-MatchString 'The message of 1,473 bytes .* the path MTU is 1,500 bytes \(IP_MTU of the socket\), of which the headers leave 1,472\.'
    }
}

Describe 'On a path through a router' {
    It 'a datagram that the next link does not take is sent again in fragments, and a host that is down is told (needs a network namespace)' -Skip:(-not $namespaces) {
        $network = @'
            ip link set lo up
            unshare --net sleep 60 & router=$!
            unshare --net sleep 60 & host=$!
            until [ "$(readlink /proc/$router/ns/net)" != "$(readlink /proc/$$/ns/net)" ] && [ "$(readlink /proc/$host/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.05; done
            ip link add a0 type veth peer name r0
            ip link set r0 netns $router
            nsenter -t $router -n ip link add r1 type veth peer name b0
            nsenter -t $router -n ip link set b0 netns $host
            ip addr add 10.1.0.1/24 dev a0; ip link set a0 up; ip route add 10.2.0.0/24 via 10.1.0.2
            nsenter -t $router -n sh -c 'ip addr add 10.1.0.2/24 dev r0; ip link set r0 up; ip addr add 10.2.0.2/24 dev r1; ip link set r1 mtu 1000 up; echo 1 > /proc/sys/net/ipv4/ip_forward'
            nsenter -t $host -n sh -c 'ip link set lo up; ip addr add 10.2.0.1/24 dev b0; ip link set b0 mtu 1000 up; ip route add 10.1.0.0/24 via 10.2.0.2'
            nsenter -t $host -n dotnet "$@" serve & server=$!
            dotnet "$@" send
            kill $server $router $host
'@
        $script = @'
            if ($args[1] -eq 'serve') {
                $socket = [Net.Sockets.UdpClient]::new([Net.IPEndPoint]::new([ipaddress] '10.2.0.1', 7))
                while ($true) {
                    $from = [Net.IPEndPoint]::new([ipaddress]::Any, 0)
                    $bytes = $socket.Receive([ref] $from)
                    $null = $socket.Send($bytes, $bytes.Length, $from)
                }
            }
            Import-Module $args[0]
            $null = [Threading.SpinWait]::SpinUntil([Func[bool]] { Test-EchoServer 10.2.0.1 7 -Udp -TimeoutSeconds 5 }, 30000)
            (Send-EchoMessage ('x' * 1400) 10.2.0.1 7 -Udp -WarningVariable warnings -WarningAction SilentlyContinue).Length
            "$warnings"
            Send-EchoMessage hi 10.2.0.77 7 -Udp 2>&1 | ForEach-Object FullyQualifiedErrorId
'@
        $file = Join-Path $TestDrive router.ps1
        Set-Content $file $script
        $module = Resolve-Path "$PSScriptRoot/../../EchoSocket.psd1"
        $lines = @(unshare --net sh -c $network sh "$PSHOME/pwsh.dll" -NoProfile -File $file $module 2> $null)
        $lines[0] | Should-Be '1400'
        $lines[1] | Should-MatchString 'the path MTU is 1,000 bytes \(IP_MTU of the socket\)'
        $lines[2] | Should-BeLikeString 'HostUnreachable,*'
    }
}
