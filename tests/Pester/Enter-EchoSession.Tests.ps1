BeforeDiscovery {
    # macOS has another program of this name.
    $script:noTerminal = "$(if (Get-Command script -CommandType Application -ErrorAction Ignore) { script --version })" -notmatch 'util-linux'
}

BeforeAll { . "$PSScriptRoot/Shared.ps1" }

Describe 'Enter-EchoSession' {
    AfterEach { Close-Everything }

    It 'tells whom it talks to, prompts, sends each line but the empty ones, shows the replies, and ends with exit' {
        $server = Start-EchoServer -AsJob -Port 0
        $process = Open-PowerShell "$TestDrive/session.ps1" ([scriptblock]::Create("Enter-EchoSession -Port $($server.Port); 'went on'"))
        'hello', '', 'exit' | ForEach-Object { $process.StandardInput.WriteLine($_) }
        # PowerShell itself may show the lines that it reads from redirected input.
        Receive-Process $process | Should-MatchString -CaseSensitive (
            "^Connected to 127\.0\.0\.1:$($server.Port)\. Type exit or press Ctrl\+C to leave\.\s+>>>: (hello\s+)?HELLO\s+" +
            '>>>: \s*An empty line is not sent: it puts nothing on the wire, so no reply would come\.\s+>>>: (exit\s+)?went on\s*$')
        (Receive-Server $server).BytesReceived | Should-Be 5
    }

    It 'refuses a server job that uses UDP' {
        $server = Start-EchoServer -Udp -AsJob -Port 0
        { $server | Enter-EchoSession } | Should-Throw '*a session is over TCP*' -FullyQualifiedErrorId 'ParameterConflict,*'
    }

    It 'ends with the input' {
        $server = Start-EchoServer -AsJob -Port 0
        $process = Open-PowerShell "$TestDrive/session.ps1" ([scriptblock]::Create("Enter-EchoSession -Port $($server.Port); 'went on'"))
        Receive-Process $process | Should-MatchString 'went on'
        (Receive-Server $server).EndReason | Should-Be 'PeerClosed'
    }

    It 'ends with an error where a reply is no echo, and takes it with -AnyReply' {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        try {
            foreach ($switch in '', '-AnyReply') {
                $session = "try { Enter-EchoSession -Port $($listener.LocalEndpoint.Port) $switch } catch { `$_.FullyQualifiedErrorId }"
                $process = Open-PowerShell "$TestDrive/session.ps1" ([scriptblock]::Create($session))
                'hello', 'exit' | ForEach-Object { $process.StandardInput.WriteLine($_) }
                Wait-Until { $listener.Pending() }
                $socket = $listener.AcceptSocket()
                $socket.ReceiveTimeout = 30000
                $null = $socket.Receive([byte[]]::new(5))
                $null = $socket.Send([byte[]] [char[]] 'What?')
                $expected = if ($switch) { '>>>: (hello\s+)?What\?\s+>>>: (exit\s+)?$' } else { '>>>: (hello\s+)?ReplyMismatch,EchoSocket\.Commands\.EnterEchoSessionCommand\s*$' }
                Receive-Process $process | Should-MatchString $expected -CaseSensitive
                $socket.Dispose()
            }
        }
        finally {
            $listener.Stop()
        }
    }

    It 'says at a terminal at once that the server has gone, and ends with Enter' -Skip:$noTerminal {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        try {
            $session = "Enter-EchoSession -Port $($listener.LocalEndpoint.Port); 'went on'"
            $process = Open-PowerShell "$TestDrive/session.ps1" ([scriptblock]::Create($session)) -Terminal
            Wait-Terminal $process { $screen -match '>>>: ' }
            $socket = $listener.AcceptSocket()
            $process.StandardInput.Write("hi`r")
            Wait-Terminal $process { $socket.Available -eq 2 }
            $buffer = [byte[]]::new(2)
            $null = $socket.Receive($buffer)
            $null = $socket.Send($buffer)
            Wait-Terminal $process { $screen -match '(?s)>>>: .*\nhi\s+>>>: ' }
            $socket.Dispose()
            # The prompt's question where the cursor is may come before this or after it.
            Wait-Terminal $process { $screen -match '(?s)\n127\.0\.0\.1:\d+ closed the connection .*Press Enter to leave\.' }
            $process.StandardInput.Write("`r")
            Wait-Terminal $process { $screen -match '(?s)leave\..*went on' }
        }
        finally {
            $listener.Stop()
        }
    }
}
