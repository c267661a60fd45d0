BeforeDiscovery {
    # Written with escapes: Windows PowerShell reads a file without a byte order mark in the system's own code page.
    $script:texts = @(
        @{ Name = 'ASCII'; Message = 'hello'; Reply = 'HELLO'; Bytes = 5 }
        @{ Name = 'accents'; Message = "h$([char] 0xE9)llo $([char] 0xDF)"; Reply = "H$([char] 0xE9)LLO $([char] 0xDF)"; Bytes = 9 }
        @{ Name = 'Chinese'; Message = "$([char] 0x4F60)$([char] 0x597D)"; Reply = "$([char] 0x4F60)$([char] 0x597D)"; Bytes = 6 }
        @{ Name = 'a smile'; Message = "$([char]::ConvertFromUtf32(0x1F600)) smile"; Reply = "$([char]::ConvertFromUtf32(0x1F600)) SMILE"; Bytes = 10 }
        @{ Name = 'a space'; Message = ' '; Reply = ' '; Bytes = 1 }
        @{ Name = 'line ends'; Message = "one`r`n`tand two`0"; Reply = "ONE`r`n`tAND TWO`0"; Bytes = 14 }
    )
}

BeforeAll { . "$PSScriptRoot/Shared.ps1" }

Describe 'Send-EchoMessage' {
    BeforeEach { $script:server = Start-EchoServer -AsJob -Port 0 }
    AfterEach { Get-Job | Remove-Job -Force }

    It 'writes the reply as a string, ASCII letters upper-cased and nothing else: <Name>' -ForEach $texts {
        Send-EchoMessage $Message -Port $server.Port | Should-BeString $Reply -CaseSensitive
        (Receive-Server $server).BytesReceived | Should-Be $Bytes
    }

    It 'sends a pipeline over one connection, in order' {
        $replies = 1..50 | ForEach-Object { "message $_" } | Send-EchoMessage -Port $server.Port
        $replies -join ',' | Should-BeString ((1..50 | ForEach-Object { "MESSAGE $_" }) -join ',') -CaseSensitive
        (Receive-Server $server).EndReason | Should-Be 'PeerClosed'
    }

    It 'writes each reply before it asks for the next message' {
        $seen = [Collections.Generic.List[string]]::new()
        1..3 | ForEach-Object { $seen.Add("in $_"); "$_" } | Send-EchoMessage -Port $server.Port | ForEach-Object { $seen.Add("out $_") }
        $seen -join ', ' | Should-BeString 'in 1, out 1, in 2, out 2, in 3, out 3'
    }

    It 'gets a large message back whole' {
        $message = 'abcdefgh' * 1MB
        (Send-EchoMessage $message -Port $server.Port) -ceq $message.ToUpperInvariant() | Should-BeTrue
    }

    It 'reports the round-trip time with -Detailed' {
        $reply = Send-EchoMessage hi -Port $server.Port -Detailed
        $connection = Receive-Server $server
        $reply | Should-HaveType ([EchoSocket.EchoReply])
        $reply.Message | Should-BeString 'hi' -CaseSensitive
        $reply.Reply | Should-BeString 'HI' -CaseSensitive
        $reply.ByteCount | Should-Be 2
        $reply.RoundTripTime | Should-BeGreaterThan ([timespan]::Zero)
        $reply.RemoteEndPoint | Should-Be $connection.LocalEndPoint
        $reply.LocalEndPoint | Should-Be $connection.RemoteEndPoint
    }

    It 'leaves no connection open when Select-Object -First ends the pipeline' {
        'a', 'b', 'c' | Send-EchoMessage -Port $server.Port | Select-Object -First 1 | Should-BeString 'A' -CaseSensitive
        $connection = Receive-Server $server
        $connection.EndReason | Should-Be 'PeerClosed'
        $connection.BytesReceived | Should-Be 1
    }

    It 'keeps messages in flight, and writes their replies in order<With>' -ForEach @{ With = ''; Options = @{} }, @{ With = ' with -Detailed'; Options = @{ Detailed = $true } } {
        $replies = 1..2000 | ForEach-Object { "message $_" } | Send-EchoMessage -Port $server.Port -InFlight 64 @Options
        if ($Options.Detailed) {
            foreach ($reply in $replies) {
                $reply.Reply | Should-BeString $reply.Message.ToUpperInvariant() -CaseSensitive
                $reply.RoundTripMilliseconds | Should-BeGreaterThan 0
            }
            $replies = $replies.Reply
        }
        $replies -join ',' | Should-BeString ((1..2000 | ForEach-Object { "MESSAGE $_" }) -join ',') -CaseSensitive
        (Receive-Server $server).EndReason | Should-Be 'PeerClosed'
    }

    It 'leaves no connection open when Select-Object -First ends a pipeline with messages in flight' {
        1..100 | ForEach-Object { "$_" } | Send-EchoMessage -Port $server.Port -InFlight 10 | Select-Object -First 3 | Should-BeCollection @('1', '2', '3')
        (Receive-Server $server).EndReason -in 'PeerClosed', 'PeerReset' | Should-BeTrue
    }

    It 'works in strict mode where errors stop' {
        Set-StrictMode -Version Latest
        $ErrorActionPreference = 'Stop'
        ('a', 'b' | Send-EchoMessage -Port $server.Port) -join ' ' | Should-BeString 'A B' -CaseSensitive
    }

    It 'takes the server and the message from an object' {
        [pscustomobject]@{ Message = 'hi'; ComputerName = 'localhost'; Port = $server.Port } | Send-EchoMessage | Should-BeString 'HI' -CaseSensitive
    }

    It 'gives each server that objects name by <_> one connection' -ForEach 'ComputerName', 'HostName', 'TargetName', 'cn', 'Address' {
        $other = Start-EchoServer -AsJob -Port 0
        $property = $_
        $targets = $server, $other, $server, $other | ForEach-Object { [pscustomobject]@{ $property = 'localhost'; Port = $_.Port } }
        ($targets | Send-EchoMessage -Message hi, there) -join ' ' | Should-BeString 'HI THERE HI THERE HI THERE HI THERE' -CaseSensitive
        (Receive-Server $server).BytesReceived | Should-Be 14
        (Receive-Server $other).BytesReceived | Should-Be 14
    }

    It 'reaches the other servers where one that an object names is down' {
        $replies = [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = 1 }, $server | Send-EchoMessage -Message hi -ErrorAction SilentlyContinue -ErrorVariable problems
        $replies | Should-BeString 'HI' -CaseSensitive
        $problems.Count | Should-Be 1
        $problems[0].FullyQualifiedErrorId | Should-BeLikeString 'ConnectionRefused,*'
        $problems[0].TargetObject | Should-Be '127.0.0.1:1'
    }

    It 'keeps nothing of a long pipeline in memory' {
        # A process of its own, so that nothing else's memory is counted.
        $port = $server.Port
        $job = Start-Job {
            Import-Module $using:manifest
            $count = 0
            1..40000 | ForEach-Object { 'x' * 32 } | Send-EchoMessage -Port $using:port | ForEach-Object {
                if (++$count % 10000 -eq 0) { [GC]::GetTotalMemory($true) }
            }
        }
        $marks = Receive-Server $job
        $marks.Count | Should-Be 4
        $marks[3] - $marks[1] | Should-BeLessThan 1MB -Because '20,000 replies alone would be 1.8 MB'
    }
}

Describe 'Send-EchoMessage without a server' {
    It 'ends the pipeline where no server listens, and says what to do' {
        $problem = { 'a', 'b' | Send-EchoMessage -Port 1 } | Should-Throw '*Start a server there*' 'ConnectionRefused,EchoSocket.Commands.SendEchoMessageCommand'
        $problem.CategoryInfo.Category | Should-Be 'ConnectionError'
        $problem.TargetObject | Should-Be '127.0.0.1:1'
    }

    It 'ends the pipeline where a name has no address' {
        $target = @{ ComputerName = 'no-such-host.invalid' }
        $problem = { Send-EchoMessage hi @target } | Should-Throw -FullyQualifiedErrorId 'HostNotFound,EchoSocket.Commands.SendEchoMessageCommand'
        $problem.CategoryInfo.Category | Should-Be 'ObjectNotFound'
        $problem.TargetObject | Should-Be 'no-such-host.invalid:8081'
    }

    It 'gives up on a reply in time' {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        try {
            $reply = Send-EchoMessage hi -Port $listener.LocalEndpoint.Port -OperationTimeoutSeconds 0.2 -ErrorAction SilentlyContinue -ErrorVariable problems
            $reply | Should-BeNull
            $problems[0].FullyQualifiedErrorId | Should-BeLikeString 'OperationTimeout,*'
            $problems[0].CategoryInfo.Category | Should-Be 'OperationTimeout'
        }
        finally {
            $listener.Stop()
        }
    }

    It 'refuses <Send> before it opens anything, and names <Parameter>' -ForEach @(
        @{ Parameter = 'Port'; Send = { Send-EchoMessage hi -Port 0 } }
        @{ Parameter = 'Port'; Send = { Send-EchoMessage hi -Port 65536 } }
        @{ Parameter = 'ConnectionTimeoutSeconds'; Send = { Send-EchoMessage hi -ConnectionTimeoutSeconds 0 } }
        @{ Parameter = 'OperationTimeoutSeconds'; Send = { Send-EchoMessage hi -OperationTimeoutSeconds -1 } }
        @{ Parameter = 'OperationTimeoutSeconds'; Send = { Send-EchoMessage hi -OperationTimeoutSeconds ([double]::NaN) } }
        @{ Parameter = 'ComputerName'; Send = { Send-EchoMessage hi -ComputerName ([string]::Empty) } }
        @{ Parameter = 'Encoding'; Send = { Send-EchoMessage hi -Encoding $null } }
        @{ Parameter = 'InFlight'; Send = { Send-EchoMessage hi -InFlight 0 } }
    ) {
        $problem = $Send | Should-Throw "*$Parameter*"
        $problem.CategoryInfo.Category -in 'InvalidData', 'InvalidArgument' | Should-BeTrue
    }

    It 'says which encodings there are where one does not exist' {
        { Send-EchoMessage hi -Encoding klingon -Port 1 } | Should-Throw "*'klingon' is not a known encoding*utf8*"
    }
}
