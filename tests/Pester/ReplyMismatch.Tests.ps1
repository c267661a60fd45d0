# A server that is no echo server is not taken for one.

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"

    # A server that answers each client's first message with these bytes; the message itself stands for '{0}'.
    function Open-Impostor([string] $Answer) {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $shell = [powershell]::Create().AddScript({
            param($listener, $answer)
            $latin1 = [Text.Encoding]::GetEncoding(28591)
            $buffer = [byte[]]::new(65536)
            try {
                while ($true) {
                    $socket = $listener.AcceptSocket()
                    $socket.ReceiveTimeout = 30000
                    $count = $socket.Receive($buffer)
                    $null = $socket.Send($latin1.GetBytes($answer.Replace('{0}', $latin1.GetString($buffer, 0, $count))))
                    while ($socket.Receive($buffer) -gt 0) { }
                    $socket.Dispose()
                }
            }
            catch {
                $null = $_ # the listener was stopped
            }
        }).AddArgument($listener).AddArgument($Answer)
        $script:impostors += @{ Listener = $listener; Shell = $shell; Running = $shell.BeginInvoke() }
        $listener.LocalEndpoint.Port
    }
}

Describe 'A server that is no echo server' {
    BeforeEach { $script:impostors = @() }
    AfterEach {
        foreach ($impostor in $impostors) {
            $impostor.Listener.Stop()
            $null = $impostor.Shell.EndInvoke($impostor.Running) # Stop may throw if the script is just ending
            $impostor.Shell.Dispose()
        }
    }

    It 'is an error of the message for Send-EchoMessage that shows what came: <Name>' -ForEach @(
        @{ Name = 'a web server'; Message = 'hello'; Answer = "HTTP/1.1 400 Bad Request`r`n`r`n"; Offset = 1; Shown = 'HTTP/1.1 400 Bad Request\r\n\r\n' }
        @{ Name = 'escape sequences'; Message = 'hello'; Answer = "$([char] 27)[2J!!!"; Offset = 0; Shown = '\u001B[2J!!!' }
        @{ Name = 'one byte is wrong'; Message = 'hello'; Answer = 'HELLo'; Offset = 4; Shown = 'HELLo' }
    ) {
        $port = Open-Impostor $Answer
        $reply = $Message | Send-EchoMessage -Port $port -ErrorAction SilentlyContinue -ErrorVariable problems
        $reply | Should-BeNull
        $problems.Count | Should-Be 1
        $problems[0].FullyQualifiedErrorId | Should-BeString 'ReplyMismatch,EchoSocket.Commands.SendEchoMessageCommand'
        $problems[0].CategoryInfo.Category | Should-Be 'InvalidResult'
        $problems[0].TargetObject | Should-BeString $Message
        "$($problems[0])" | Should-MatchString "first wrong byte is at offset $Offset of .*\. It sent `"$([regex]::Escape($Shown))`"\."
    }

    It 'is an error if it sends more than it received' {
        $port = Open-Impostor "{0}`r`n"
        $problem = { Send-EchoMessage hello -Port $port -ErrorAction Stop } | Should-Throw -FullyQualifiedErrorId 'ReplyMismatch,*'
        "$problem" | Should-BeLikeString "*after its reply to message 1 came `"\r\n`"*"
    }

    It 'may send anything with -AnyReply' {
        $port = Open-Impostor 'What?'
        Send-EchoMessage hello -Port $port -AnyReply -ErrorAction Stop | Should-BeString 'What?' -CaseSensitive
    }

    It 'does not pass Test-EchoServer: <Answer>' -ForEach @(
        @{ Answer = 'HTTP/1.1 400 Bad Request'; Reason = "*offset 0 of 64; it sent `"HTTP/1.1 400 Bad Request`"" }
        @{ Answer = '{0}more'; Reason = "sent more than it received; after the reply came `"more`"" }
    ) {
        $port = Open-Impostor $Answer
        Test-EchoServer -Port $port | Should-BeFalse
        $report = Test-EchoServer -Port $port -Detailed
        $report.FailedStage | Should-Be 'Echo'
        $report.Reason | Should-BeLikeString $Reason
    }

    It 'does not pass Measure-EchoServer if it adds bytes to the last reply' {
        $port = Open-Impostor '{0}more'
        $result = Measure-EchoServer -Port $port -Count 1 -WarmupCount 0 -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems.FullyQualifiedErrorId | Should-BeLikeString 'ReplyMismatch,*'
        "$problems" | Should-BeLikeString "*after its reply to message 1 came `"more`"*"
        $result.FailedConnections | Should-Be 1
    }

    It 'is shown by Measure-EchoServer, too' {
        $port = Open-Impostor 'HTTP/1.1 400 Bad Request'
        $null = Measure-EchoServer -Port $port -Count 1 -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems[0].FullyQualifiedErrorId | Should-BeLikeString 'ReplyMismatch,*'
        "$($problems[0])" | Should-BeLikeString "*It sent `"HTTP/1.1 400 Bad Request`"*"
    }
}

Describe 'Send-EchoMessage' {
    It 'says at the end that more came than the replies' {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $shared = [hashtable]::Synchronized(@{ Listener = $listener })
        $shell = [powershell]::Create().AddScript({
            param($shared)
            $shared.Socket = $shared.Listener.AcceptSocket()
            $shared.Socket.ReceiveTimeout = 30000
            $buffer = [byte[]]::new(100)
            $null = $shared.Socket.Send($buffer, $shared.Socket.Receive($buffer), 'None')
        }).AddArgument($shared)
        $null = $shell.BeginInvoke()
        try {
            $port = $listener.LocalEndpoint.Port
            'hello' | Send-EchoMessage -Port $port -ErrorAction SilentlyContinue -ErrorVariable problems | ForEach-Object {
                $_ | Should-BeString 'hello' -CaseSensitive
                $null = $shared.Socket.Send([byte[]] (7, 10))
            }
            $problems[0].FullyQualifiedErrorId | Should-BeLikeString 'ReplyMismatch,*'
            "$($problems[0])" | Should-BeLikeString "*after its reply to message 1 came `"\a\n`"*"
            $problems[0].TargetObject | Should-BeString "127.0.0.1:$port"
        }
        finally {
            $listener.Stop()
            $shell.Dispose()
            $shared.Socket.Dispose()
        }
    }
}
