# A server that misbehaves on purpose: how a fault is described, what the server does, and what is told of it.

BeforeAll { . "$PSScriptRoot/Shared.ps1" }

AfterAll { Close-Everything }

Describe 'New-EchoFault' {
    It '<Call> <Text>' -ForEach @(
        @{ Call = { New-EchoFault -Delay 200 }; Kind = 'Delay'; Text = 'delays each reply by 200 ms' }
        @{ Call = { New-EchoFault -Delay 1500 -Jitter 0.5 }; Kind = 'Delay'; Text = "delays each reply by 1.5 s $([char] 0xB1) 0.5 ms" }
        @{ Call = { New-EchoFault -Throttle 1000 }; Kind = 'Throttle'; Text = 'sends 1,000 bytes a second' }
        @{ Call = { New-EchoFault -Slice 1 }; Kind = 'Slice'; Text = 'sends pieces of 1 byte' }
        @{ Call = { New-EchoFault -Slice 2 -Delay 5 }; Kind = 'Slice'; Text = 'sends pieces of 2 bytes, one every 5 ms' }
        @{ Call = { New-EchoFault -Close }; Kind = 'Close'; Text = 'closes at once' }
        @{ Call = { New-EchoFault -Close -AfterBytes 3 }; Kind = 'Close'; Text = 'closes after 3 bytes' }
        @{ Call = { New-EchoFault -Reset -AfterSeconds 1.5 }; Kind = 'Reset'; Text = 'resets after 1.5 s' }
        @{ Call = { New-EchoFault -HalfClose -AfterSeconds 0 }; Kind = 'HalfClose'; Text = 'sends FIN after 0 ms, and answers nothing more' }
        @{ Call = { New-EchoFault -Silence -AfterBytes 0 }; Kind = 'Silence'; Text = 'never answers' }
        @{ Call = { New-EchoFault -Stall -AfterBytes 1234 }; Kind = 'Stall'; Text = 'reads and sends nothing more after 1,234 bytes' }
        @{ Call = { New-EchoFault -Corrupt -EveryBytes 100 }; Kind = 'Corrupt'; Text = 'flips a bit every 100 bytes on average' }
        @{ Call = { New-EchoFault -Truncate 1 }; Kind = 'Truncate'; Text = 'drops the last byte of each reply' }
        @{ Call = { New-EchoFault -Duplicate }; Kind = 'Duplicate'; Text = 'sends each reply twice' }
        @{ Call = { New-EchoFault -RefuseConnection }; Kind = 'RefuseConnection'; Text = 'resets on connecting' }
        @{ Call = { New-EchoFault -FailHandshake }; Kind = 'FailHandshake'; Text = 'fails the TLS handshake' }
        @{ Call = { New-EchoFault -StallHandshake }; Kind = 'StallHandshake'; Text = 'never answers the TLS handshake' }
        @{ Call = { New-EchoFault -WrongCertificate }; Kind = 'WrongCertificate'; Text = 'shows a wrong certificate' }
    ) {
        $fault = & $Call
        $fault | Should-HaveType ([EchoSocket.EchoFault])
        $fault.Kind | Should-Be $Kind
        "$fault" | Should-BeString $Text -CaseSensitive
        $fault.Probability | Should-Be 1
        $fault.OnConnections.Count | Should-Be 0
    }

    It 'has one parameter set for each kind, each with -Probability and -OnConnection' {
        $sets = (Get-Command New-EchoFault).ParameterSets
        $sets.Name | Sort-Object | Should-BeCollection ([enum]::GetNames([EchoSocket.EchoFaultKind]) | Sort-Object)
        foreach ($set in $sets) {
            $set.Parameters.Name | Should-ContainCollection 'Probability' -Because $set.Name
            $set.Parameters.Name | Should-ContainCollection 'OnConnection' -Because $set.Name
        }
    }

    It 'limits a fault to some connections' {
        $fault = New-EchoFault -Duplicate -Probability 0.25 -OnConnection 3, 1
        $fault.Probability | Should-Be 0.25
        $fault.OnConnections -join ' ' | Should-Be '3 1'
    }

    It 'has an example for each kind in its help' {
        $code = (Get-Help New-EchoFault -Examples).Examples.Example.Code -join "`n"
        foreach ($kind in [enum]::GetNames([EchoSocket.EchoFaultKind])) {
            $code | Should-MatchString "New-EchoFault -$kind\b"
        }
    }

    It 'refuses <Call>: <Id>' -ForEach @(
        @{ Call = { New-EchoFault }; Id = 'AmbiguousParameterSet' }
        @{ Call = { New-EchoFault -Close -Reset }; Id = 'AmbiguousParameterSet' }
        @{ Call = { New-EchoFault -Duplicate -AfterBytes 1 }; Id = 'AmbiguousParameterSet' }
        @{ Call = { New-EchoFault -Close -AfterBytes 1 -AfterSeconds 1 }; Id = 'ParameterConflict'; Says = '-AfterBytes and -AfterSeconds can''t be used together' }
        @{ Call = { New-EchoFault -Delay 1 -Jitter 1.5 }; Id = 'ParameterConflict'; Says = '-Jitter is larger than -Delay' }
        @{ Call = { New-EchoFault -Reset:$false }; Id = 'ParameterConflict'; Says = '-Reset is off' }
        @{ Call = { New-EchoFault -Delay -1 }; Id = 'ParameterArgumentValidationError'; Says = "'Delay'" }
        @{ Call = { New-EchoFault -Delay 2147483648 }; Id = 'ParameterArgumentValidationError'; Says = "'Delay'" }
        @{ Call = { New-EchoFault -Delay ([double]::NaN) }; Id = 'ParameterArgumentValidationError'; Says = "'Delay'" }
        @{ Call = { New-EchoFault -Delay 1 -Jitter -1 }; Id = 'ParameterArgumentValidationError'; Says = "'Jitter'" }
        @{ Call = { New-EchoFault -Throttle 0 }; Id = 'ParameterArgumentValidationError'; Says = "'Throttle'" }
        @{ Call = { New-EchoFault -Slice 0 }; Id = 'ParameterArgumentValidationError'; Says = "'Slice'" }
        @{ Call = { New-EchoFault -Close -AfterBytes -1 }; Id = 'ParameterArgumentValidationError'; Says = "'AfterBytes'" }
        @{ Call = { New-EchoFault -Stall -AfterSeconds 2147484 }; Id = 'ParameterArgumentValidationError'; Says = "'AfterSeconds'" }
        @{ Call = { New-EchoFault -Corrupt -EveryBytes 0 }; Id = 'ParameterArgumentValidationError'; Says = "'EveryBytes'" }
        @{ Call = { New-EchoFault -Truncate 0 }; Id = 'ParameterArgumentValidationError'; Says = "'Truncate'" }
        @{ Call = { New-EchoFault -Close -Probability 1.1 }; Id = 'ParameterArgumentValidationError'; Says = "'Probability'" }
        @{ Call = { New-EchoFault -Close -OnConnection 1, 0 }; Id = 'ParameterArgumentValidationError'; Says = "'OnConnection'" }
        @{ Call = { New-EchoFault -Close -OnConnection @() }; Id = 'ParameterArgumentValidationError'; Says = "'OnConnection'" }
    ) {
        $refused = $Call | Should-Throw -FullyQualifiedErrorId "$Id,*"
        if ($Says) {
            "$refused".Contains($Says) | Should-BeTrue -Because "$refused"
        }
    }
}

Describe 'Start-EchoServer -Fault' {
    AfterEach { Get-Job | Remove-Job -Force }

    It 'refuses <Call>: <Id>' -ForEach @(
        @{ Call = { Start-EchoServer -Port 0 -Fault (New-EchoFault -Delay 1), (New-EchoFault -FailHandshake) }; Id = 'ParameterRequired'; Says = 'FailHandshake, which is for a server that uses TLS: add -UseTls' }
        @{ Call = { Start-EchoServer -Port 0 -Fault $null }; Id = 'ParameterArgumentValidationError'; Says = "'Fault'" }
        @{ Call = { Start-EchoServer -Port 0 -Fault (New-EchoFault -Close), $null }; Id = 'ParameterArgumentValidationError'; Says = "'Fault'" }
        @{ Call = { Start-EchoServer -Port 0 -Fault Reset }; Id = 'ParameterArgumentTransformationError'; Says = "'Reset' is not a fault. Make one with New-EchoFault" }
        @{ Call = { Start-EchoServer -Port 0 -Fault ([Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((New-EchoFault -Reset)))) }; Id = 'ParameterArgumentTransformationError'; Says = "'resets at once' is a copy of a fault" }
        @{ Call = { Start-EchoServer -Port 0 -Fault (@(New-EchoFault -Delay 1) * 1001) }; Id = 'ParameterArgumentValidationError'; Says = "'Fault'" }
        @{ Call = { Start-EchoServer -Port 0 -KeepReceived (256MB + 1) }; Id = 'ParameterArgumentValidationError'; Says = "'KeepReceived'" }
        @{ Call = { Start-EchoServer -Port 0 -KeepReceived -1 }; Id = 'ParameterArgumentValidationError'; Says = "'KeepReceived'" }
    ) {
        $refused = $Call | Should-Throw -FullyQualifiedErrorId "$Id,*"
        "$refused".Contains($Says) | Should-BeTrue -Because "$refused"
    }

    It 'tells what was done, to which connection, and what the client sent' {
        $faults = (New-EchoFault -Slice 2 -Delay 1), (New-EchoFault -Reset -AfterBytes 3 -OnConnection 2)
        $server = Start-EchoServer -KeepListening -AsJob -Port 0 -Fault $faults -KeepReceived 4
        $server | Send-EchoMessage -Message hello | Should-Be 'HELLO'
        { $server | Send-EchoMessage -Message hello } | Should-Throw -FullyQualifiedErrorId 'ConnectionReset,*' -ExceptionMessage '*3 of 5 bytes*'
        Wait-Until { -not $server.ActiveConnections }
        $live = Receive-Job $server
        foreach ($connections in $live, ($live | ForEach-Object { Copy-BySerialization $_ })) {
            $connections.Connection -join ' ' | Should-Be '1 2'
            $connections[0].EndReason | Should-Be 'PeerClosed'
            $connections[0].Faults.Kind | Should-Be 'Slice'
            $connections[1].EndReason | Should-Be 'Faulted'
            $connections[1].Detail | Should-Be 'As asked, the server resets after 3 bytes.'
            $connections[1].BytesSent | Should-Be 3
            $connections[1].FaultKinds -join ' ' | Should-Be 'Slice Reset'
            $connections[1].FaultAtBytes -join ' ' | Should-Be '0 3'
            $connections[1].FaultCounts -join ' ' | Should-Be '2 1'
            $injected = $connections[1].Faults
            $injected[1].Kind | Should-Be 'Reset'
            $injected[1].AtByte | Should-Be 3
            $injected[1].Time.TotalMilliseconds | Should-BeGreaterThanOrEqual 1
            $injected[1].Milliseconds | Should-BeLessThanOrEqual $connections[1].DurationMilliseconds
            "$($injected[0])" | Should-MatchString '^Slice at byte 0 after [0-9.]+ ms \(2 times\)$'
            $connections[1].ReceivedHex | Should-Be '68656C6C'
            [Text.Encoding]::ASCII.GetString($connections[1].ReceivedBytes) | Should-Be 'hell'
        }
    }

    It 'keeps nothing of what it receives without -KeepReceived, and has no faults without -Fault' {
        $server = Start-EchoServer -AsJob -Port 0
        $server | Send-EchoMessage -Message hello | Should-Be 'HELLO'
        $connection = Receive-Server $server
        $connection.Connection | Should-Be 1
        $connection.ReceivedHex | Should-Be ''
        $connection.ReceivedBytes.Count | Should-Be 0
        $connection.FaultKinds.Count | Should-Be 0
        $connection.Faults.Count | Should-Be 0
    }

    It 'repeats what is random with -Seed, and shows the seed that it has chosen itself' {
        $fault = New-EchoFault -Corrupt -EveryBytes 3
        $message = 'a' * 200
        function Get-Corrupted([hashtable] $More) {
            $server = Start-EchoServer -AsJob -Port 0 -Fault $fault @More -Verbose 4>&1 | Tee-Object -Variable all | Where-Object { $_ -is [EchoSocket.EchoServerJob] }
            [pscustomobject]@{ Reply = $server | Send-EchoMessage -Message $message -AnyReply -Encoding latin1; Seed = $server.Seed; Told = @($all -like '*seed*') }
        }

        $first = Get-Corrupted @{}
        $first.Told | Should-BeString "The seed of the faults is $($first.Seed). To repeat them, add -Seed $($first.Seed)."
        $first.Reply | Should-NotBeString $message
        $second = Get-Corrupted @{ Seed = $first.Seed }
        $second.Seed | Should-Be $first.Seed
        $second.Told.Count | Should-Be 0
        $second.Reply | Should-BeString $first.Reply -CaseSensitive
        (Get-Corrupted @{ Seed = $first.Seed -bxor 1 }).Reply | Should-NotBeString $first.Reply
        (Get-Corrupted @{ Seed = 0 }).Seed | Should-Be 0
    }

    It 'shows the seed only where something is random: <Call>' -ForEach @(
        @{ Call = { New-EchoFault -Reset -AfterBytes 3 -OnConnection 1 }; Shown = 0 }
        @{ Call = { New-EchoFault -Delay 5 }; Shown = 0 }
        @{ Call = { New-EchoFault -Close -Probability 0 }; Shown = 0 }
        @{ Call = { New-EchoFault -Delay 5 -Jitter 5 }; Shown = 1 }
        @{ Call = { New-EchoFault -Close -Probability 0.5 }; Shown = 1 }
    ) {
        $all = Start-EchoServer -AsJob -Port 0 -Fault (& $Call) -Verbose 4>&1
        @($all -like '*seed*').Count | Should-Be $Shown
    }

    It 'heals and breaks a server while it runs' {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0 -Fault (New-EchoFault -Truncate 1)
        $server | Send-EchoMessage -Message a -OperationTimeoutSeconds 0.2 -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should-MatchString '^OperationTimeout,'
        $server.Fault = @()
        $server | Send-EchoMessage -Message a | Should-Be 'A'
        $server.Fault = New-EchoFault -Reset
        { $server | Send-EchoMessage -Message a -ErrorAction Stop } | Should-Throw -FullyQualifiedErrorId 'ConnectionReset,*'
        "$($server.Fault)" | Should-Be 'resets at once'
        $server.Fault = $null
        $server.Fault.Count | Should-Be 0
        $server | Send-EchoMessage -Message a | Should-Be 'A'
        { $server.Fault = New-EchoFault -FailHandshake } | Should-Throw -ExceptionMessage '*without TLS cannot have the fault*FailHandshake*'
        { $server.Fault = @($null) } | Should-Throw
        $server | Send-EchoMessage -Message a | Should-Be 'A'
    }

    It 'says each fault as it happens with -Verbose: <_>' -ForEach 'here', 'in a job' {
        if ($_ -eq 'here') {
            $prompt = Open-Prompt { Start-EchoServer -Port 0 -Verbose -Seed 1 -Fault (New-EchoFault -Slice 2), (New-EchoFault -Close -AfterBytes 3) }
            { Send-EchoMessage hello -Port $prompt.Port } | Should-Throw -FullyQualifiedErrorId 'ConnectionClosedEarly,*'
            $verbose = $prompt.Shell.Streams.Verbose
            $null = Receive-Prompt $prompt
        }
        else {
            $server = Start-EchoServer -AsJob -Port 0 -Verbose -Seed 1 -Fault (New-EchoFault -Slice 2), (New-EchoFault -Close -AfterBytes 3) 4> $null
            { $server | Send-EchoMessage -Message hello } | Should-Throw -FullyQualifiedErrorId 'ConnectionClosedEarly,*'
            $null = Wait-Job $server -Timeout 30
            $verbose = Receive-Job $server -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }
        }
        $told = $verbose.Message -like '*: as asked, the server*'
        $told.Count | Should-Be 2
        $told[0] | Should-MatchString ': as asked, the server sends pieces of 2 bytes \(at byte 0 of its replies\)\.$'
        $told[1] | Should-MatchString ': as asked, the server closes after 3 bytes \(at byte 3 of its replies\)\.$'
    }

    It 'ends at once when its job is stopped in the middle of <Kind>' -ForEach @(
        @{ Kind = 'Delay'; Fault = { New-EchoFault -Delay 600000 } }
        @{ Kind = 'Slice'; Fault = { New-EchoFault -Slice 1 -Delay 600000 } }
        @{ Kind = 'Silence'; Fault = { New-EchoFault -Silence } }
        @{ Kind = 'Stall'; Fault = { New-EchoFault -Stall } }
    ) {
        $server = Start-EchoServer -AsJob -Port 0 -Fault (& $Fault)
        $client = Connect-Socket $server.Port
        $null = $client.Send([byte[]] (97, 98))
        Wait-Until { $server.ActiveConnections }
        if ($Kind -ne 'Stall') {
            Wait-Until { $server.BytesReceived -eq 2 }
        }
        Stop-Job $server
        $server.State | Should-Be 'Stopped'
        $connection = Receive-Job $server
        $connection.EndReason | Should-Be 'Stopped'
        if ($Kind -in 'Delay', 'Slice') {
            $connection.Detail | Should-MatchString 'held back by a fault and not sent\.'
        }
        $client.Dispose()
    }
}
