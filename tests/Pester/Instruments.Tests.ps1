# Each fault of a server as the instruments see it: each of them names what happened.

BeforeAll { . "$PSScriptRoot/Shared.ps1" }

AfterAll { Close-Everything }

Describe 'A server that <Name>' -ForEach @(
    # Measure-EchoServer may have sent the next message when the copy comes, and then takes that for its reply.
    # Bytes: how many of a reply come. Id: the id of the error of Send-EchoMessage and Measure-EchoServer. Stage and Reason: of Test-EchoServer.
    @{ Name = 'delays'; Fault = { New-EchoFault -Delay 50 }; Slowest = 45 }
    @{ Name = 'throttles'; Fault = { New-EchoFault -Throttle 400 }; Slowest = 45 }
    @{ Name = 'slices'; Fault = { New-EchoFault -Slice 1 -Delay 3 }; Slowest = 45 }
    @{ Name = 'closes'; Fault = { New-EchoFault -Close -AfterBytes 3 }; Id = 'ConnectionClosedEarly'; Bytes = 3; Reason = 'closed early' }
    @{ Name = 'resets'; Fault = { New-EchoFault -Reset -AfterBytes 3 }; Id = 'ConnectionReset'; Bytes = 3; Reason = 'reset' }
    @{ Name = 'half-closes'; Fault = { New-EchoFault -HalfClose -AfterBytes 3 }; Id = 'ConnectionClosedEarly'; Bytes = 3; Reason = 'closed early' }
    @{ Name = 'falls silent'; Fault = { New-EchoFault -Silence -AfterBytes 3 }; Id = 'OperationTimeout'; Bytes = 3; Reason = 'timed out' }
    @{ Name = 'stalls'; Fault = { New-EchoFault -Stall -AfterBytes 3 }; Id = 'OperationTimeout'; Bytes = 3; Reason = 'timed out' }
    @{ Name = 'corrupts'; Fault = { New-EchoFault -Corrupt -EveryBytes 1 }; Id = 'ReplyMismatch'; Says = 'the first wrong byte is at offset 0 of (the )?{0}'; Reason = 'answered something else' }
    @{ Name = 'truncates'; Fault = { New-EchoFault -Truncate 1 }; Id = 'OperationTimeout'; Bytes = -1; Reason = 'timed out' }
    @{ Name = 'duplicates'; Fault = { New-EchoFault -Duplicate }; Id = 'ReplyMismatch'; Says = 'sent more than it received'; Measured = 'sent more than it received|answered something else'; Reason = 'sent more than it received' }
    @{ Name = 'refuses'; Fault = { New-EchoFault -RefuseConnection }; Id = 'ConnectionReset'; Bytes = 0; Reason = 'reset' }
    @{ Name = 'fails the handshake'; Fault = { New-EchoFault -FailHandshake }; Id = 'AuthenticationFailed'; Says = 'refused the handshake'; Stage = 'Tls'; Reason = 'The server refused the handshake' }
    @{ Name = 'stalls the handshake'; Fault = { New-EchoFault -StallHandshake }; Id = 'ConnectionTimeout'; Says = 'TLS handshake .* was not complete'; Stage = 'Tls'; Reason = 'timed out' }
    @{ Name = 'shows a wrong certificate'; Fault = { New-EchoFault -WrongCertificate }; Id = 'AuthenticationFailed'; Says = 'CN=wrong\.invalid'; Stage = 'Tls'; Reason = "The server's certificate \(CN=wrong\.invalid\) is not trusted" }
) {
    BeforeAll {
        $injected = & $Fault
        $script:server = Start-EchoServer -KeepListening -AsJob -Port 0 -Seed 1 -Fault $injected -UseTls:$injected.NeedsTls
        $script:limits = if ($Id) { @{ ConnectionTimeoutSeconds = 0.5; OperationTimeoutSeconds = 0.5 } } else { @{} }

        # What is said of a reply of so many bytes.
        function Get-Said([int] $Length) {
            if ($Says) { $Says -f $Length } else { "$(if ($Bytes -lt 0) { $Length + $Bytes } else { $Bytes }) of $Length bytes" }
        }
    }

    AfterAll { Remove-Job $server -Force }

    It 'is recognised by Send-EchoMessage' {
        $message = 'a' * 32
        $call = Invoke-Call { $server | Send-EchoMessage -Message $message -Detailed -ErrorAction Continue @limits }
        if ($Slowest) {
            $call.Ids.Count | Should-Be 0
            $call.Output.RoundTripMilliseconds | Should-BeGreaterThan $Slowest
        }
        else {
            $call.Ids | Should-Be $Id
            $call.Texts[0] | Should-MatchString (Get-Said 32)
        }
    }

    It 'is recognised by Test-EchoServer -Detailed' {
        $limit = if ($Slowest) { @{} } else { @{ TimeoutSeconds = 0.5 } }
        $report = $server | Test-EchoServer -Detailed @limit -WarningAction SilentlyContinue
        if ($Slowest) {
            $report.Success | Should-BeTrue
            $report.EchoMilliseconds | Should-BeGreaterThan $Slowest
        }
        else {
            $report.Success | Should-BeFalse
            $report.FailedStage | Should-Be $(if ($Stage) { $Stage } else { 'Echo' })
            $report.Reason | Should-MatchString "^$Reason"
            if ($null -ne $Bytes) {
                $report.Reason | Should-MatchString (Get-Said 64).Replace('bytes', '')
            }
        }
    }

    It 'is recognised by Measure-EchoServer' {
        $statistics = $server | Measure-EchoServer -Count 3 -MessageSize 32 @limits -ErrorAction SilentlyContinue -ErrorVariable problems -WarningAction SilentlyContinue
        if ($Slowest) {
            $statistics.Received | Should-Be 3
            $statistics.P50Milliseconds | Should-BeGreaterThan $Slowest
            $statistics.P99Milliseconds | Should-BeGreaterThan $Slowest
        }
        else {
            "$($statistics.Errors)" | Should-Be "$Id 1"
            $statistics.Received | Should-Be 0
            $statistics.Detail | Should-MatchString $(if ($Measured) { $Measured } else { Get-Said 32 })
        }
    }
}
