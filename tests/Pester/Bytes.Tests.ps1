# Messages of bytes, which Send-EchoMessage sends as they are and answers with arrays of bytes.

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:server = Start-EchoServer -KeepListening -AsJob -Port 0
    $script:port = $server.Port
    $script:every = [byte[]] (0..255)
    $script:upper = [byte[]] ($every | ForEach-Object { if ($_ -ge 97 -and $_ -le 122) { $_ - 32 } else { $_ } })

    # Get-Content has the same for bytes under other names in Windows PowerShell.
    $script:asBytes = if ($PSVersionTable.PSVersion.Major -ge 6) { @{ AsByteStream = $true } } else { @{ Encoding = 'Byte' } }
}

AfterAll { Remove-Job $server -Force }

Describe 'Bytes' {
    It 'come back as one array, <From>' -ForEach @(
        @{ From = 'from the parameter'; Send = { Send-EchoMessage -InputBytes $every -Port $port } }
        @{ From = 'from the parameter, as numbers'; Send = { Send-EchoMessage -InputBytes (0..255) -Port $port } }
        @{ From = 'from the parameter, before a server'; Send = { Send-EchoMessage -InputBytes $every 127.0.0.1 $port } }
        @{ From = 'from the pipeline'; Send = { , $every | Send-EchoMessage -Port $port } }
        @{ From = 'from the pipeline, as a list'; Send = { , [Collections.Generic.List[byte]] $every | Send-EchoMessage -Port $port } }
        @{ From = 'from the pipeline, as objects'; Send = { , [object[]] $every | Send-EchoMessage -Port $port } }
        @{ From = 'from a script block'; Send = { [pscustomobject]@{ Data = $every } | Send-EchoMessage -InputBytes { $_.Data } -Port $port } }
        @{ From = 'to a server from the pipeline'; Send = { $server | Send-EchoMessage -InputBytes $every } }
    ) {
        $output = [Collections.Generic.List[object]]::new()
        & $Send | ForEach-Object { $output.Add($_) }
        $output.Count | Should-Be 1
        $output[0].GetType() | Should-Be ([byte[]])
        [Convert]::ToBase64String($output[0]) | Should-BeString ([Convert]::ToBase64String($upper)) -CaseSensitive
    }

    It 'are read from a file in one piece' {
        $path = "$TestDrive/all.bin"
        [IO.File]::WriteAllBytes($path, $every)
        $output = @(Get-Content $path @asBytes -Raw | Send-EchoMessage -Port $port | ForEach-Object { , $_ })
        $output.Count | Should-Be 1
        [Convert]::ToBase64String($output[0]) | Should-BeString ([Convert]::ToBase64String($upper)) -CaseSensitive
    }

    It 'can be mixed with text in a pipeline' {
        $output = 'a', $every, 'b', [byte[]] 99 | Send-EchoMessage -Port $port | ForEach-Object { if ($_ -is [byte[]]) { "$($_.Length) bytes" } else { $_ } }
        $output -join ', ' | Should-BeString 'A, 256 bytes, B, 1 bytes' -CaseSensitive
    }

    It 'may be a single one, as an argument' {
        Should-HaveType -Actual (Send-EchoMessage -InputBytes ([byte] 104) -Port $port) -Expected ([byte[]])
        (Send-EchoMessage -InputBytes 104 -Port $port) | Should-Be 72
    }

    It 'go to each server that objects name' {
        $other = Start-EchoServer -AsJob -Port 0
        $server, $other, $server | Send-EchoMessage -InputBytes 1, 2 | Should-BeCollection -Count 3
        (Receive-Server $other).BytesReceived | Should-Be 2
        Remove-Job $other
    }

    It 'come back whole if they are many' {
        $message = [byte[]]::new(5MB)
        [Random]::new(1).NextBytes($message)
        $reply = Send-EchoMessage -InputBytes $message -Port $port
        $reply.Length | Should-Be $message.Length
        $reply[4MB] | Should-Be ($message[4MB] -bxor $(if ($message[4MB] -ge 97 -and $message[4MB] -le 122) { 32 } else { 0 }))
    }

    It 'are hexadecimal digits in a detailed result, which has them as bytes, too' {
        $live = Send-EchoMessage -InputBytes 0, 104, 255 -Port $port -Detailed
        $live.RoundTripTime | Should-BeGreaterThan ([timespan]::Zero)
        foreach ($reply in $live, (Copy-BySerialization $live), (Copy-BySerialization (Copy-BySerialization $live))) {
            $reply.PSObject.TypeNames[0] | Should-BeLikeString '*EchoSocket.EchoBytesReply'
            $reply.MessageHex | Should-BeString '0068FF' -CaseSensitive
            $reply.ReplyHex | Should-BeString '0048FF' -CaseSensitive
            $reply.ByteCount | Should-Be 3
            $reply.RemoteEndPoint | Should-BeString "127.0.0.1:$port"
            $reply.Message.GetType() | Should-Be ([byte[]])
            $reply.Message | Should-BeCollection @(0, 104, 255)
            $reply.Reply | Should-BeCollection @(0, 72, 255)
        }
        $live | ConvertTo-Csv -NoTypeInformation | Select-Object -Last 1 | Should-BeLikeString '*0068FF*0048FF*'
        ($live | Out-String) | Should-MatchString 'MessageHex +ReplyHex'
    }

    It 'are the target of an error' {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        Send-EchoMessage -InputBytes 1, 2 -Port $listener.LocalEndpoint.Port -OperationTimeoutSeconds 0.1 -ErrorAction SilentlyContinue -ErrorVariable problems
        $listener.Stop()
        $problems[0].FullyQualifiedErrorId | Should-BeLikeString 'OperationTimeout,*'
        $problems[0].TargetObject | Should-BeCollection @(1, 2)
    }
}

Describe 'Bytes are refused' {
    It 'before a connection is opened if there are none: <Send>' -ForEach @(
        @{ Send = { Send-EchoMessage -InputBytes @() -Port 1 } }
        @{ Send = { Send-EchoMessage -InputBytes $null -Port 1 } }
        @{ Send = { Send-EchoMessage -InputBytes ([byte[]]::new(0)) -Port 1 } }
        @{ Send = { $ErrorActionPreference = 'Stop'; , [byte[]]::new(0) | Send-EchoMessage -Port 1 } }
    ) {
        $Send | Should-Throw '*puts nothing on the wire*' 'ParameterArgumentValidationError,EchoSocket.Commands.SendEchoMessageCommand'
    }

    It 'one by one, and the first ends the pipeline' {
        $problem = { 104, 105, 106 | ForEach-Object { [byte] $_ } | Send-EchoMessage -Port $port } | Should-Throw '*, $bytes |*-AsByteStream -Raw*'
        $problem.FullyQualifiedErrorId | Should-BeLikeString 'SingleByte,*'
        $problem.CategoryInfo.Category | Should-Be 'InvalidArgument'
    }

    It 'as text: <Value>' -ForEach @(
        @{ Value = { [byte] 104 } }
        @{ Value = { , [byte[]] (104, 105) } }
        @{ Value = { , [Collections.Generic.List[byte]] [byte[]] (104, 105) } }
        @{ Value = { , @('hi', [byte] 104) } }
    ) {
        $argument = & $Value
        { Send-EchoMessage $argument -Port $port } | Should-Throw '*A byte is not text. Use -InputBytes*UTF8.GetString*' '*ParameterArgumentTransformationError,*'
    }

    It 'if they are something else: <Value>' -ForEach @(
        @{ Value = { 'hello' }; Says = "*'hello' is not bytes*-Message*" }
        @{ Value = { '7' }; Says = "*'7' is not bytes*" }
        @{ Value = { 1, 256 }; Says = '*256 (System.Int32) is not bytes*0 to 255*' }
        @{ Value = { , [sbyte[]] (1, -1) }; Says = '*-1 (System.SByte) is not bytes*' }
        @{ Value = { -1 }; Says = '*-1 (System.Int32) is not bytes*' }
        @{ Value = { 1.5 }; Says = '*1.5 (System.Double) is not bytes*' }
        @{ Value = { 'a', 'b' }; Says = "*'a' is not bytes*" }
        @{ Value = { 1, $null }; Says = '*An empty value is not bytes*' }
        @{ Value = { Get-Item $PSHOME }; Says = '*DirectoryInfo is not bytes*' }
    ) {
        $bytes = & $Value
        { Send-EchoMessage -InputBytes $bytes -Port 1 } | Should-Throw $Says
    }

    It 'from the pipeline where the command has another message' {
        { , $every | Send-EchoMessage -Message hi -Port $port } | Should-Throw '*Give one of them.' 'ParameterConflict,*'
    }

    It 'with -<Other>, in a sentence' -ForEach @(
        @{ Other = 'Message'; Value = 'hi'; Says = '-InputBytes and -Message can''t be used together. Give one of them.' }
        @{ Other = 'Encoding'; Value = 'ascii'; Says = '-InputBytes and -Encoding can''t be used together. Bytes are sent as they are*' }
    ) {
        $others = @{ $Other = $Value }
        { Send-EchoMessage -InputBytes 1, 2 @others -Port 1 } | Should-Throw $Says 'ParameterConflict,EchoSocket.Commands.SendEchoMessageCommand'
    }
}

Describe 'The parameters of Send-EchoMessage' {
    It 'make it ask for a message in a sentence' {
        { Send-EchoMessage -Port 1 } | Should-Throw '*-Message or -InputBytes, or through the pipeline.' 'MessageRequired,EchoSocket.Commands.SendEchoMessageCommand'
    }

    It 'are shown in two ways to call it' {
        $syntax = (Get-Command Send-EchoMessage -Syntax).Trim() -split '\r?\n' | Where-Object { $_ }
        $syntax.Count | Should-Be 2
        $syntax[0] | Should-BeLikeString 'Send-EchoMessage `[`[-Message`] <string`[`]>`]*'
        $syntax[1] | Should-BeLikeString 'Send-EchoMessage *-InputBytes <byte`[`]>*'
        $syntax[0] | Should-NotBeLikeString '*-InputBytes*'
    }
}

Describe 'Hexadecimal digits' {
    It 'are read as bytes in upper and lower case, and nothing else is' {
        [EchoSocket.Hexadecimal]::ToBytes('00ffA9') | Should-BeCollection @(0, 255, 169)
        { [EchoSocket.Hexadecimal]::ToBytes('0') } | Should-Throw '*two hexadecimal digits*'
        { [EchoSocket.Hexadecimal]::ToBytes('0g') } | Should-Throw "*'g' is not*"
    }
}
