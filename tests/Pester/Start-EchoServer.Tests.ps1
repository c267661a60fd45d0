BeforeAll { . "$PSScriptRoot/Shared.ps1" }

Describe 'Start-EchoServer' {
    AfterEach { Close-Everything }

    It 'sends back the same bytes with -Transform None' {
        $server = Start-EchoServer -AsJob -Port 0 -Transform None
        $server | Send-EchoMessage -Message Hello | Should-BeString 'Hello' -CaseSensitive
    }

    It 'holds the prompt until a client that <Name> has gone, and writes <Reason>' -ForEach @(
        @{ Name = 'closes'; Reason = 'PeerClosed'; Reset = $false }
        @{ Name = 'resets'; Reason = 'PeerReset'; Reset = $true }
    ) {
        $prompt = Open-Prompt
        $client = Connect-Socket $prompt.Port
        Invoke-Echo $client
        $prompt.Running.IsCompleted | Should-BeFalse
        $client.LingerState = [Net.Sockets.LingerOption]::new($Reset, 0)
        $client.Close()
        $connection = Receive-Prompt $prompt
        $connection.EndReason | Should-Be $Reason
        $connection.LocalEndPoint | Should-Be "127.0.0.1:$($prompt.Port)"
    }

    It 'ends with its other clients when Select-Object -First ends the pipeline' {
        $prompt = Open-Prompt { Start-EchoServer -KeepListening -Port 0 -Verbose | Select-Object -First 1; 'went on' }
        $other = Connect-Socket $prompt.Port
        Invoke-Echo $other
        (Connect-Socket $prompt.Port).Close()
        $output = Receive-Prompt $prompt
        $output[0].EndReason | Should-Be 'PeerClosed'
        $output[1] | Should-Be 'went on'
        Receive-End $other
        { Connect-Socket $prompt.Port } | Should-Throw
    }

    It 'ends with an orderly end for its client at Ctrl+C' -Skip:($env:OS -eq 'Windows_NT') {
        $ignored = (Get-Content "/proc/$PID/status" -ErrorAction Ignore) -match '^SigIgn:.*[2367abef]$'
        if ($ignored) { Set-ItResult -Skipped -Because 'a shell that runs this in the background has it ignore Ctrl+C' }
        $process = Open-PowerShell "$TestDrive/server.ps1" { Start-EchoServer -KeepListening -Port 0 -Verbose }
        $port = Get-ToldPort (Read-Line $process 'Listening on')
        $client = Connect-Socket $port
        Invoke-Echo $client
        bash -c "kill -INT $($process.Id)"
        Receive-End $client
        $null = Receive-Process $process
        { Connect-Socket $port } | Should-Throw
    }

    It 'warns and continues when it runs out of handles' -Skip:(-not (Test-Path /proc/self/fd)) {
        $process = Open-PowerShell "$TestDrive/server.ps1" { Start-EchoServer -KeepListening -Port 0 -Backlog 4096 -Verbose } -Limit 'ulimit -n 250'
        $port = Get-ToldPort (Read-Line $process 'Listening on')
        $clients = 1..300 | ForEach-Object { Connect-Socket $port }
        $null = Read-Line $process 'WARNING: No further client can be accepted'

        # The accepted clients are served; the others are accepted when these have disconnected.
        foreach ($client in $clients) {
            Invoke-Echo $client
            $client.Close()
        }
    }

    It 'does not share its port, and says what to do' {
        $server = Start-EchoServer -AsJob -Port 0
        $problem = { Start-EchoServer -Port $server.Port } | Should-Throw '*another port*' 'AddressInUse,EchoSocket.Commands.StartEchoServerCommand'
        $problem.CategoryInfo.Category | Should-Be 'ResourceUnavailable'
        $problem.TargetObject | Should-Be $server.LocalEndPoint
        { Start-EchoServer -AsJob -Port $server.Port } | Should-Throw -FullyQualifiedErrorId 'AddressInUse,*'
        Get-Job | Should-BeCollection -Count 1
    }

    It 'does not listen on an address of another computer' {
        $problem = { Start-EchoServer -Address 192.0.2.1 -Port 0 } | Should-Throw -FullyQualifiedErrorId 'AddressNotAvailable,*'
        $problem.CategoryInfo.Category | Should-Be 'InvalidArgument'
    }

    It 'does not listen on a name without an address' {
        $problem = { Start-EchoServer -Address name.invalid -Port 0 } | Should-Throw "*'name.invalid' has no address*" 'HostNotFound,*'
        $problem.CategoryInfo.Category | Should-Be 'ObjectNotFound'
    }

    It 'warns where other computers can reach it: <Address>, <Parameters>' -ForEach @(
        @{ Address = '0.0.0.0'; Parameters = @{}; Warning = 'listens on 0\.0\.0\.0:' }
        @{ Address = '0.0.0.0'; Parameters = @{ KeepListening = $true }; Warning = 'listens on 0\.0\.0\.0:' }
        @{ Address = '::'; Parameters = @{}; Warning = 'listens on \[::\]:' }
        @{ Address = '0.0.0.0', '::'; Parameters = @{}; Warning = 'listens on 0\.0\.0\.0:\d+, \[::\]:\d+, so' }
        @{ Address = '::1', '0.0.0.0'; Parameters = @{}; Warning = 'listens on 0\.0\.0\.0:\d+, so' }
        @{ Address = 'localhost'; Parameters = @{}; Warning = '^$' }
        @{ Address = '127.0.0.1'; Parameters = @{}; Warning = '^$' }
        @{ Address = '127.0.0.2'; Parameters = @{}; Warning = '^$' }
        @{ Address = '::1'; Parameters = @{}; Warning = '^$' }
    ) {
        if ("$Address" -like '*:*' -and -not [Net.Sockets.Socket]::OSSupportsIPv6) { Set-ItResult -Skipped -Because 'there is no IPv6 here' }
        if ($Address -eq '127.0.0.2' -and -not (Test-Path /proc)) { Set-ItResult -Skipped -Because 'only Linux has all of 127.0.0.0/8' }
        $null = Start-EchoServer -Port 0 -AsJob -Address $Address @Parameters -WarningVariable warned -WarningAction SilentlyContinue
        "$warned" | Should-MatchString $Warning
    }

    It 'refuses <Start> before it opens anything, and names <Parameter>' -ForEach @(
        @{ Parameter = 'Port'; Start = { Start-EchoServer -Port -1 } }
        @{ Parameter = 'Port'; Start = { Start-EchoServer -Port 65536 } }
        @{ Parameter = 'Backlog'; Start = { Start-EchoServer -Backlog 0 } }
        @{ Parameter = 'Address'; Start = { Start-EchoServer -Address '[::1]:80' } }
        @{ Parameter = 'Address'; Start = { Start-EchoServer -Address 127.0.0.1, 'no name' } }
        @{ Parameter = 'Address'; Start = { Start-EchoServer -Address @() } }
        @{ Parameter = 'Address'; Start = { Start-EchoServer -Address $null } }
        @{ Parameter = 'Transform'; Start = { Start-EchoServer -Transform Lower } }
        @{ Parameter = 'MaxConnections'; Start = { Start-EchoServer -AsJob -Port 0 -KeepListening -MaxConnections 0 } }
        @{ Parameter = 'ConnectionCount'; Start = { Start-EchoServer -AsJob -Port 0 -KeepListening -ConnectionCount 0 } }
        @{ Parameter = 'ThreadCount'; Start = { Start-EchoServer -AsJob -Port 0 -KeepListening -ThreadCount 0 } }
        @{ Parameter = 'ThreadCount'; Start = { Start-EchoServer -AsJob -Port 0 -KeepListening -ThreadCount 65 } }
        @{ Parameter = 'IdleTimeoutSeconds'; Start = { Start-EchoServer -AsJob -Port 0 -IdleTimeoutSeconds 0 } }
        @{ Parameter = 'Name'; Start = { Start-EchoServer -AsJob -Port 0 -Name '' } }
    ) {
        $problem = $Start | Should-Throw "*$Parameter*"
        $problem.CategoryInfo.Category -in 'InvalidData', 'InvalidArgument' | Should-BeTrue
        Get-Job | Should-BeNull
    }

    It 'refuses a port from the pipeline, rather than serve on the default port' {
        { 0 | Start-EchoServer -AsJob } | Should-Throw '*no input from the pipeline*' 'InputNotSupported,*'
        Get-Job | Should-BeNull
    }

    It 'says which parameter <Start> lacks' -ForEach @(
        @{ Start = { Start-EchoServer -Port 0 -MaxConnections 5 }; Message = '-MaxConnections*add -KeepListening*' }
        @{ Start = { Start-EchoServer -Port 0 -ConnectionCount 5 -AsJob }; Message = '-ConnectionCount*add -KeepListening*' }
        @{ Start = { Start-EchoServer -Port 0 -ThreadCount 2 -AsJob }; Message = '-ThreadCount*add -KeepListening*' }
        @{ Start = { Start-EchoServer -Port 0 -Name x }; Message = '-Name*add -AsJob*' }
        @{ Start = { Start-EchoServer -Port 0 -Name x -KeepListening }; Message = '-Name*add -AsJob*' }
    ) {
        $Start | Should-Throw $Message 'ParameterRequired,*'
    }
}
