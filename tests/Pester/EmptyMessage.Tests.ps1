# An empty message puts nothing on the wire, so no reply would come. The client refuses it before it connects.

BeforeAll { . "$PSScriptRoot/Shared.ps1" }

Describe 'An empty message' {
    BeforeEach {
        $script:listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $script:port = $listener.LocalEndpoint.Port
    }
    AfterEach { $listener.Stop() }

    It 'is refused before a connection is opened, and the error says why: <Send>' -ForEach @(
        @{ Send = { Send-EchoMessage '' -Port $port } }
        @{ Send = { Send-EchoMessage $null -Port $port } }
        @{ Send = { Send-EchoMessage @() -Port $port } }
        @{ Send = { Send-EchoMessage 'a', '' -Port $port } }
        @{ Send = { Send-EchoMessage '', 'a' -Port $port } }
        @{ Send = { Send-EchoMessage 'a', $null, 'b' -Port $port } }
        @{ Send = { Send-EchoMessage -Message ([string]::Empty) -Port $port } }
        @{ Send = { Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; Send-EchoMessage '' -Port $port } }
    ) {
        $Send | Should-Throw '*puts nothing on the wire*' 'ParameterArgumentValidationError,EchoSocket.Commands.SendEchoMessageCommand'
        $listener.Pending() | Should-BeFalse
    }

    It 'is named by its number where there are several' {
        { Send-EchoMessage 'a', '' -Port $port } | Should-Throw '*Message 2 is empty*'
    }

    It 'does not keep the others of a pipeline from going through: <Name>' -ForEach @(
        @{ Name = "''"; Empty = '' }
        @{ Name = '$null'; Empty = $null }
        @{ Name = '@()'; Empty = @() }
    ) {
        $server = Start-EchoServer -AsJob -Port 0
        $replies = 'a', $Empty, 'b' | Send-EchoMessage -Port $server.Port -ErrorAction SilentlyContinue -ErrorVariable problems
        $replies -join ',' | Should-BeString 'A,B' -CaseSensitive
        $problems.Count | Should-Be 1
        $problems[0].FullyQualifiedErrorId | Should-BeLikeString 'ParameterArgumentValidationError,*'
        "$($problems[0])" | Should-MatchString 'puts nothing on the wire'
        (Receive-Server $server).BytesReceived | Should-Be 2
        Remove-Job $server
    }

    It 'opens no connection if there is no other in the pipeline' {
        '', '' | Send-EchoMessage -Port $port -ErrorAction SilentlyContinue -ErrorVariable problems | Should-BeNull
        $problems.FullyQualifiedErrorId -replace ',.*' -join ' ' | Should-BeString 'ParameterArgumentValidationError ParameterArgumentValidationError'
        $listener.Pending() | Should-BeFalse
    }

    It 'is also what an encoding may leave of a message' {
        $nothing = [Text.Encoding]::GetEncoding('us-ascii', [Text.EncoderReplacementFallback]::new(''), [Text.DecoderFallback]::ReplacementFallback)
        $accent = "$([char] 0xE9)"
        Send-EchoMessage $accent -Encoding $nothing -Port $port -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems[0].FullyQualifiedErrorId | Should-BeLikeString 'EmptyMessage,*'
        $problems[0].TargetObject | Should-BeString $accent
        $listener.Pending() | Should-BeFalse
    }
}
