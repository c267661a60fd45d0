# How to test a client against a server that misbehaves: run this file with Invoke-Pester of Pester 6. Put your own client in
# the place of Get-Answer, and keep the faults that it should survive.

BeforeAll {
    Import-Module "$PSScriptRoot/../EchoSocket.psd1"

    # The client: sends a line and returns the line that comes back. It tries again after a failure, and checks what it got.
    function Get-Answer([int] $Port, [string] $Line, [int] $Attempts = 3, [int] $TimeoutMilliseconds = 10000) {
        for ($attempt = 1; ; $attempt++) {
            $client = [Net.Sockets.TcpClient]::new()
            try {
                $client.Connect('127.0.0.1', $Port)
                $stream = $client.GetStream()
                $stream.ReadTimeout = $TimeoutMilliseconds
                $bytes = [Text.Encoding]::UTF8.GetBytes("$Line`n")
                $stream.Write($bytes, 0, $bytes.Length)

                # Reads up to the end of the line, in as many parts as it comes.
                $answer = [IO.StreamReader]::new($stream).ReadLine()
                if ($answer -cne $Line.ToUpperInvariant()) {
                    throw "The answer is wrong: '$answer'."
                }
                return $answer
            }
            catch {
                if ($attempt -eq $Attempts) { throw }
            }
            finally {
                $client.Dispose()
            }
        }
    }

    # One server for each fault, all at the same time, each on a free port.
    $faults = @{
        Slow      = New-EchoFault -Delay 50
        Dripping  = New-EchoFault -Slice 1 -Delay 1
        ResetOnce = New-EchoFault -Reset -AfterBytes 3 -OnConnection 1
        Closing   = New-EchoFault -Close -AfterBytes 3
        Silent    = New-EchoFault -Silence
        Corrupt   = New-EchoFault -Corrupt -EveryBytes 40
        Refusing  = New-EchoFault -RefuseConnection
    }
    $servers = @{}
    foreach ($name in $faults.Keys) {
        $servers[$name] = Start-EchoServer -KeepListening -AsJob -Port 0 -Fault $faults[$name] -Seed 1 -KeepReceived 100
    }

    # The connections of a server, once all have ended.
    function Get-Connection($Server) {
        $limit = [Diagnostics.Stopwatch]::StartNew()
        while ($Server.ActiveConnections -and $limit.Elapsed.TotalSeconds -lt 30) { Start-Sleep -Milliseconds 10 }
        Receive-Job $Server
    }
}

AfterAll {
    $servers.Values | Remove-Job -Force
}

Describe 'My client' {
    It 'waits for a slow server' {
        Get-Answer $servers.Slow.Port hello | Should-Be 'HELLO'
    }

    It 'puts an answer together that comes byte by byte' {
        Get-Answer $servers.Dripping.Port hello | Should-Be 'HELLO'
    }

    It 'tries again after a reset, and sends the same line' {
        Get-Answer $servers.ResetOnce.Port hello | Should-Be 'HELLO'
        $connections = Get-Connection $servers.ResetOnce
        $connections.Count | Should-Be 2
        $connections[0].Faults.Kind | Should-Be 'Reset'
        $connections[0].BytesSent | Should-Be 3
        foreach ($connection in $connections) {
            [Text.Encoding]::UTF8.GetString($connection.ReceivedBytes) | Should-Be "hello`n"
        }
    }

    It 'takes no half of an answer for a whole one, and gives up after three attempts' {
        { Get-Answer $servers.Closing.Port hello } | Should-Throw
        Get-Connection $servers.Closing | Should-BeCollection -Count 3
    }

    It 'does not wait for ever' {
        { Get-Answer $servers.Silent.Port hello -Attempts 1 -TimeoutMilliseconds 200 } | Should-Throw
    }

    It 'notices a wrong answer' {
        { Get-Answer $servers.Corrupt.Port ('hello' * 20) } | Should-Throw -ExceptionMessage 'The answer is wrong:*'
    }

    It 'works again once the server is healed' {
        { Get-Answer $servers.Refusing.Port hello } | Should-Throw
        $servers.Refusing.Fault = @()
        Get-Answer $servers.Refusing.Port hello | Should-Be 'HELLO'
    }
}
