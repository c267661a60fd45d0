BeforeAll { . "$PSScriptRoot/Shared.ps1" }
AfterAll { Get-Job | Remove-Job -Force }

Describe 'Send-EchoMessage' {
    BeforeEach { $script:server = Start-EchoServer -AsJob -Port 0 }
    AfterEach { Remove-Job $server -Force }

    It 'writes the reply as a string' {
        Send-EchoMessage hello -Port $server.Port | Should-BeString 'HELLO' -CaseSensitive
    }

    It 'gets everything but ASCII letters back as it was' {
        $text = "h$([char]0xE9)llo $([char]0x4F60)$([char]0x597D) $([char]0xDF)"
        $reply = "H$([char]0xE9)LLO $([char]0x4F60)$([char]0x597D) $([char]0xDF)"
        $text | Send-EchoMessage -Port $server.Port | Should-BeString $reply -CaseSensitive
    }

    It 'sends a pipeline over one connection' {
        $replies = 1..50 | ForEach-Object { "message $_" } | Send-EchoMessage -Port $server.Port
        $replies -join ',' | Should-BeString ((1..50 | ForEach-Object { "MESSAGE $_" }) -join ',') -CaseSensitive
        (Receive-Connection $server).EndReason | Should-Be 'PeerClosed'
    }

    It 'tells the round trip with -Detailed' {
        $reply = Send-EchoMessage hi -Port $server.Port -Detailed
        $reply.Message | Should-BeString 'hi' -CaseSensitive
        $reply.Reply | Should-BeString 'HI' -CaseSensitive
        $reply.ByteCount | Should-Be 2
        $reply.RoundTripTime | Should-BeGreaterThan ([timespan]::Zero)
    }

    It 'finds its server by property name' {
        [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $server.Port } | Send-EchoMessage -Message hi | Should-BeString 'HI' -CaseSensitive
    }

    It 'leaves no connection open when the pipeline ends early' {
        'a', 'b', 'c' | Send-EchoMessage -Port $server.Port | Select-Object -First 1 | Should-BeString 'A' -CaseSensitive
        (Receive-Connection $server).EndReason | Should-Be 'PeerClosed'
    }

    It 'sends the other messages of a pipeline with an empty one among them' {
        $replies = 'a', '', 'b' | Send-EchoMessage -Port $server.Port -ErrorAction SilentlyContinue -ErrorVariable problems
        $replies -join ',' | Should-BeString 'A,B' -CaseSensitive
        $problems[0].FullyQualifiedErrorId | Should-BeLikeString 'ParameterArgumentValidationError,*'
        (Receive-Connection $server).BytesReceived | Should-Be 2
    }
}

Describe 'Send-EchoMessage without a server' {
    It 'refuses an empty message and says why: <Send>' -ForEach @(
        @{ Send = { Send-EchoMessage '' -Port 1 } }
        @{ Send = { Send-EchoMessage $null -Port 1 } }
        @{ Send = { Send-EchoMessage @() -Port 1 } }
        @{ Send = { Send-EchoMessage 'a', '' -Port 1 } }
    ) {
        $Send | Should-Throw '*puts nothing on the wire*' 'ParameterArgumentValidationError,EchoSocket.Commands.SendEchoMessageCommand'
    }

    It 'says that nobody listens' {
        { Send-EchoMessage hi -Port 1 } | Should-Throw -FullyQualifiedErrorId 'ConnectionRefused,EchoSocket.Commands.SendEchoMessageCommand'
    }

    It 'says that a name has no address' {
        $target = @{ ComputerName = 'no-such-host.invalid' }
        { Send-EchoMessage hi @target } | Should-Throw -FullyQualifiedErrorId 'HostNotFound,EchoSocket.Commands.SendEchoMessageCommand'
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
}
