# As a user of the module would write them: import it, run a server in the background, send messages.

BeforeAll {
    Import-Module "$PSScriptRoot/../../EchoSocket.psd1" -Force

    # Start-EchoServer holds the prompt until its client has gone, so it runs in a runspace of its own.
    function Start-BackgroundServer([hashtable] $Parameters = @{}) {
        $state = [initialsessionstate]::CreateDefault()
        $state.ImportPSModule((Get-Module EchoSocket).Path)
        $shell = [powershell]::Create($state).AddCommand('Start-EchoServer').AddParameter('Port', 0).AddParameter('Verbose')
        $null = $shell.AddParameters($Parameters)
        $running = $shell.BeginInvoke()
        while ($shell.Streams.Verbose.Count -eq 0) {
            if ($running.AsyncWaitHandle.WaitOne(10)) {
                $null = $shell.EndInvoke($running)
            }
        }

        [pscustomobject]@{
            Port    = [int]($shell.Streams.Verbose[0].Message -replace '^.*:(\d+)\.$', '$1')
            Shell   = $shell
            Running = $running
        }
    }

    function Wait-BackgroundServer($Server) {
        $Server.Running.AsyncWaitHandle.WaitOne(30000) | Should -BeTrue -Because 'the server returns when its client has gone'
        $Server.Shell.EndInvoke($Server.Running)
        $Server.Shell.Dispose()
    }
}

Describe 'The module' {
    It 'exports its cmdlets and nothing else' {
        $module = Get-Module EchoSocket
        $module.ExportedCommands.Keys | Sort-Object | Should -Be @('Enter-EchoSession', 'Measure-EchoServer', 'Send-EchoMessage', 'Start-EchoServer', 'Test-EchoServer')
    }

    It 'has help with examples for <_>' -ForEach 'Enter-EchoSession', 'Measure-EchoServer', 'Send-EchoMessage', 'Start-EchoServer', 'Test-EchoServer' {
        $help = Get-Help $_ -Full
        $help.Description | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterOrEqual 2
    }
}

Describe 'An echo' {
    BeforeEach { $server = Start-BackgroundServer }

    It 'comes back in upper case, as a string' {
        Send-EchoMessage hello -Port $server.Port | Should -BeExactly 'HELLO'
        $null = Wait-BackgroundServer $server
    }

    It 'leaves everything but ASCII letters alone' {
        $text = "h$([char]0xE9)llo $([char]0x4F60)$([char]0x597D) $([char]0xDF)"
        $reply = "H$([char]0xE9)LLO $([char]0x4F60)$([char]0x597D) $([char]0xDF)"
        $text | Send-EchoMessage -Port $server.Port | Should -BeExactly $reply
        $null = Wait-BackgroundServer $server
    }

    It 'comes for each message of a pipeline, over one connection' {
        1..50 | ForEach-Object { "message $_" } | Send-EchoMessage -Port $server.Port |
            Should -BeExactly (1..50 | ForEach-Object { "MESSAGE $_" })
        (Wait-BackgroundServer $server).EndReason | Should -Be 'PeerClosed'
    }

    It 'has a round-trip time' {
        $reply = Send-EchoMessage hi -Port $server.Port -Detailed
        $reply.Message | Should -BeExactly 'hi'
        $reply.Reply | Should -BeExactly 'HI'
        $reply.ByteCount | Should -Be 2
        $reply.RoundTripTime | Should -BeGreaterThan ([timespan]::Zero)
        $null = Wait-BackgroundServer $server
    }

    It 'finds its server by property name' {
        [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $server.Port } | Send-EchoMessage -Message hi | Should -BeExactly 'HI'
        $null = Wait-BackgroundServer $server
    }

    It 'stops early without leaving the connection open' {
        'a', 'b', 'c' | Send-EchoMessage -Port $server.Port | Select-Object -First 1 | Should -BeExactly 'A'
        (Wait-BackgroundServer $server).EndReason | Should -Be 'PeerClosed'
    }
}

Describe 'An empty message' {
    It 'is refused, and the error says why: <_>' -ForEach "''", '$null', '@()', "'a',''" {
        { & ([scriptblock]::Create("Send-EchoMessage $_ -Port 1")) } |
            Should -Throw -ErrorId 'ParameterArgumentValidationError,EchoSocket.Commands.SendEchoMessageCommand' -ExpectedMessage '*puts nothing on the wire*'
    }

    It 'does not keep the other messages of a pipeline from going through' {
        $server = Start-BackgroundServer
        'a', '', 'b' | Send-EchoMessage -Port $server.Port -ErrorAction SilentlyContinue -ErrorVariable problems | Should -BeExactly @('A', 'B')
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentValidationError,*'
        (Wait-BackgroundServer $server).BytesReceived | Should -Be 2
    }
}

Describe 'A server' {
    It 'sends back what came with -Transform None' {
        $server = Start-BackgroundServer @{ Transform = 'None' }
        Send-EchoMessage Hello -Port $server.Port | Should -BeExactly 'Hello'
        $null = Wait-BackgroundServer $server
    }

    It 'tells of a client that <Name> as <Reason>' -ForEach @(
        @{ Name = 'closes'; Reason = 'PeerClosed'; Leave = { $client.Close() } }
        @{ Name = 'resets'; Reason = 'PeerReset'; Leave = { $client.LingerState = New-Object Net.Sockets.LingerOption $true, 0; $client.Client.Close() } }
    ) {
        $server = Start-BackgroundServer
        $client = New-Object Net.Sockets.TcpClient '127.0.0.1', $server.Port
        . $Leave
        $connection = Wait-BackgroundServer $server
        $connection.EndReason | Should -Be $Reason
        $connection.LocalEndPoint | Should -Be "127.0.0.1:$($server.Port)"
    }

    It 'does not share its port' {
        $server = Start-BackgroundServer
        { Start-EchoServer -Port $server.Port } | Should -Throw -ErrorId 'AddressInUse,EchoSocket.Commands.StartEchoServerCommand'
        $null = Send-EchoMessage bye -Port $server.Port
        $null = Wait-BackgroundServer $server
    }
}

Describe 'A server of many clients' {
    It 'runs as a job until it is stopped' {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0 -Name echo
        try {
            $server.State | Should -Be 'Running'
            (Get-Job echo).Id | Should -Be $server.Id
            1..3 | ForEach-Object { $server | Send-EchoMessage -Message "m$_" } | Should -BeExactly @('M1', 'M2', 'M3')
            $server.TotalConnections | Should -Be 3
            Stop-Job $server
            $server.State | Should -Be 'Stopped'
            (Receive-Job $server).EndReason | Should -Be @('PeerClosed', 'PeerClosed', 'PeerClosed')
        }
        finally {
            Remove-Job $server -Force
        }
        { Send-EchoMessage hi -Port $server.Port } | Should -Throw -ErrorId 'ConnectionRefused,*'
    }

    It 'completes as a job of one client when that has gone' {
        $server = Start-EchoServer -AsJob -Port 0
        $server | Send-EchoMessage -Message hi | Should -BeExactly 'HI'
        ($server | Wait-Job -Timeout 30).State | Should -Be 'Completed'
        ($server | Receive-Job -AutoRemoveJob -Wait).BytesReceived | Should -Be 2
    }

    It 'fails to start as a job where its port is in use' {
        $server = Start-EchoServer -AsJob -Port 0
        try {
            { Start-EchoServer -AsJob -Port $server.Port } | Should -Throw -ErrorId 'AddressInUse,*'
        }
        finally {
            Remove-Job $server -Force
        }
    }

    It 'returns after as many clients as asked for' {
        $server = Start-EchoServer -KeepListening -ConnectionCount 2 -AsJob -Port 0
        $server, $server | Send-EchoMessage -Message hi | Should -BeExactly @('HI', 'HI')
        $server | Send-EchoMessage -Message hi | Should -BeExactly 'HI'
        ($server | Wait-Job -Timeout 30).State | Should -Be 'Completed'
        Remove-Job $server
    }

    It 'ends a silent connection' {
        $server = Start-EchoServer -IdleTimeoutSeconds 0.2 -AsJob -Port 0
        $client = New-Object Net.Sockets.TcpClient '127.0.0.1', $server.Port
        ($server | Wait-Job -Timeout 30 | Receive-Job).EndReason | Should -Be 'IdleTimeout'
        $client.Dispose()
        Remove-Job $server
    }
}

Describe 'A client' {
    It 'says that nobody listens' {
        { Send-EchoMessage hi -Port 1 } | Should -Throw -ErrorId 'ConnectionRefused,EchoSocket.Commands.SendEchoMessageCommand'
    }

    It 'says that a name has no address' {
        { Send-EchoMessage hi -ComputerName no-such-host.invalid } | Should -Throw -ErrorId 'HostNotFound,EchoSocket.Commands.SendEchoMessageCommand'
    }

    It 'gives up on a reply in time' {
        $listener = New-Object Net.Sockets.TcpListener ([Net.IPAddress]::Loopback), 0
        $listener.Start()
        try {
            $port = $listener.LocalEndpoint.Port
            Send-EchoMessage hi -Port $port -OperationTimeoutSeconds 0.2 -ErrorAction SilentlyContinue -ErrorVariable problems | Should -BeNullOrEmpty
            $problems[0].FullyQualifiedErrorId | Should -BeLike 'OperationTimeout,*'
            $problems[0].CategoryInfo.Category | Should -Be 'OperationTimeout'
        }
        finally {
            $listener.Stop()
        }
    }
}

Describe 'A path' {
    It 'works where a server echoes' {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0
        try {
            $server | Test-EchoServer | Should -BeTrue
            $report = $server | Test-EchoServer -Detailed
            $report.Success | Should -BeTrue
            $report.FailedStage | Should -Be 'None'
            $report.RemoteEndPoint | Should -Be $server.LocalEndPoint
        }
        finally {
            Remove-Job $server -Force
        }
    }

    It 'ends where it ends: <Stage>, <Reason>' -ForEach @(
        @{ Name = 'no-such-host.invalid'; Stage = 'Resolve'; Reason = 'the name has no address' }
        @{ Name = '127.0.0.1'; Stage = 'Connect'; Reason = 'refused' }
    ) {
        Test-EchoServer $Name 1 | Should -BeFalse
        $report = Test-EchoServer $Name 1 -Detailed
        $report.FailedStage | Should -Be $Stage
        $report.Reason | Should -Be $Reason
    }
}

Describe 'A measurement' {
    BeforeAll { $server = Start-EchoServer -KeepListening -AsJob -Port 0 }
    AfterAll { Remove-Job $server -Force }

    It 'counts every message and tells how long they took' {
        $result = $server | Measure-EchoServer -Count 200 -Connections 2 -InFlight 4
        $result.Sent, $result.Received, $result.Lost | Should -Be 200, 200, 0
        $result.P50 | Should -BeOfType timespan
        $result.P50 | Should -BeLessOrEqual $result.P99
        $result.P99 | Should -BeLessOrEqual $result.Maximum
        ($result.Histogram | Measure-Object Count -Sum).Sum | Should -Be 200
    }

    It 'keeps to a rate and a duration' {
        ($server | Measure-EchoServer -DurationSeconds 0.5 -Rate 100).Sent | Should -Be 50
    }

    It 'is all data' {
        $result = $server | Measure-EchoServer -Count 20
        $back = $result | ConvertTo-Json -Depth 4 | ConvertFrom-Json
        $back.Received | Should -Be 20
        ($back.Histogram | Measure-Object Count -Sum).Sum | Should -Be 20
        ($result | Format-List * | Out-String) | Should -Match 'HdrHistogram *: HIST'
        ($result | Format-Table | Out-String) | Should -Match 'P50 +P99 +Maximum'
    }

    It 'looks the same after remoting' {
        $result = $server | Measure-EchoServer -Count 20
        $view = $result | Out-String
        $view | Should -Match '20 sent, 20 received, 0 lost'
        $copy = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($result))
        $copy.PSTypeNames[0] | Should -Be 'Deserialized.EchoSocket.EchoStatistics'
        $copy | Out-String | Should -Be $view
    }

    It 'runs in a job of its own' {
        $module = (Get-Module EchoSocket).Path
        $job = Start-Job { Import-Module $using:module; Measure-EchoServer 127.0.0.1 $using:server.Port -Count 20 }
        try {
            $result = Receive-Job $job -Wait
            $result.Received | Should -Be 20
            $result | Out-String | Should -Match '20 sent, 20 received'
        }
        finally {
            Remove-Job $job -Force
        }
    }

    It 'of a server that is down is an error and a result' {
        $result = Measure-EchoServer -Port 1 -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'ConnectionRefused,*'
        $result.Errors.ConnectionRefused | Should -Be 1
        $result.P50 | Should -BeNullOrEmpty
        { Measure-EchoServer -Port 1 -ErrorAction Stop } | Should -Throw -ErrorId 'ConnectionRefused,*'
    }

    It 'draws a picture' {
        Push-Location TestDrive:/
        try {
            $null = $server | Measure-EchoServer -Count 20 -AsSvg latency.svg
            ([xml](Get-Content latency.svg -Raw)).DocumentElement.LocalName | Should -Be 'svg'
        }
        finally {
            Pop-Location
        }
    }
}

Describe 'The examples' {
    It '<_> runs' -ForEach (Get-ChildItem "$PSScriptRoot/../../examples" -Filter *.ps1 | ForEach-Object Name) {
        { & "$PSScriptRoot/../../examples/$_" } | Should -Not -Throw
    }
}
