BeforeAll { . "$PSScriptRoot/Shared.ps1" }

Describe 'Test-EchoServer' {
    It 'is true where a server echoes, and reports the path' {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0
        try {
            $server | Test-EchoServer | Should-BeTrue
            $report = $server | Test-EchoServer -Detailed
            $report.Success | Should-BeTrue
            $report.FailedStage | Should-Be 'None'
            $report.RemoteEndPoint | Should-Be $server.LocalEndPoint
        }
        finally {
            Remove-Job $server -Force
        }
    }

    It 'is false where none does, and reports the stage: <Stage>, <Reason>' -ForEach @(
        @{ Name = 'no-such-host.invalid'; Stage = 'Resolve'; Reason = 'the name has no address' }
        @{ Name = '127.0.0.1'; Stage = 'Connect'; Reason = 'refused' }
    ) {
        Test-EchoServer $Name 1 | Should-BeFalse
        $report = Test-EchoServer $Name 1 -Detailed
        $report.FailedStage | Should-Be $Stage
        $report.Reason | Should-Be $Reason
    }
}
