BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:server = Start-EchoServer -KeepListening -AsJob -Port 0
}

AfterAll { Remove-Job $server -Force }

Describe 'Test-EchoServer' {
    It 'writes true or false for each server' {
        (Test-EchoServer 127.0.0.1, no-such-host.invalid $server.Port) -join ' ' | Should-BeString 'True False'
        Test-EchoServer -Port 1 | Should-BeFalse
    }

    It 'takes servers by name, by property and as jobs' {
        $server | Test-EchoServer | Should-BeTrue
        ('localhost', '127.0.0.1' | Test-EchoServer -Port $server.Port) -join ' ' | Should-BeString 'True True'
        [pscustomobject]@{ HostName = 'localhost'; Port = $server.Port } | Test-EchoServer | Should-BeTrue
    }

    It 'reports the path with -Detailed' {
        $report = $server | Test-EchoServer -Detailed
        $report | Should-HaveType ([EchoSocket.EchoPathReport])
        $report.Success | Should-BeTrue
        $report.FailedStage | Should-Be 'None'
        $report.ComputerName | Should-Be '127.0.0.1'
        $report.RemoteEndPoint | Should-Be $server.LocalEndPoint
    }

    It 'reports where the path ends: <Stage>, <Reason>' -ForEach @(
        @{ Name = 'no-such-host.invalid'; Stage = 'Resolve'; Reason = 'the name has no address' }
        @{ Name = '127.0.0.1'; Stage = 'Connect'; Reason = 'refused' }
    ) {
        Test-EchoServer $Name 1 | Should-BeFalse
        $report = Test-EchoServer $Name 1 -Detailed
        $report.Success | Should-BeFalse
        $report.FailedStage | Should-Be $Stage
        $report.Reason | Should-Be $Reason
    }

    It 'refuses <Test> and names <Parameter>' -ForEach @(
        @{ Parameter = 'Port'; Test = { Test-EchoServer -Port 0 } }
        @{ Parameter = 'TimeoutSeconds'; Test = { Test-EchoServer -TimeoutSeconds 0 } }
        @{ Parameter = 'ComputerName'; Test = { Test-EchoServer -ComputerName ([string]::Empty) } }
    ) {
        $Test | Should-Throw "*$Parameter*"
    }
}
