# IPv4, IPv6, names and several addresses.

BeforeDiscovery { $script:hasIPv6 = [Net.Sockets.Socket]::OSSupportsIPv6 }

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:linkLocal = [Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces() | Where-Object OperationalStatus -EQ Up |
        ForEach-Object { $_.GetIPProperties().UnicastAddresses.Address } | Where-Object { $_.IsIPv6LinkLocal -and $_.ScopeId } | Select-Object -First 1
}

Describe 'Start-EchoServer -Address (needs IPv6)' -Skip:(-not $hasIPv6) {
    AfterEach { Close-Everything }

    It '<Address> is shown as <Text>, and serves <Computers>' -ForEach @(
        @{ Address = '::1'; Text = '[::1]:{0}'; Computers = '::1' }
        @{ Address = [ipaddress] '::1'; Text = '[::1]:{0}'; Computers = '[::1]' }
        @{ Address = '::'; Text = '[::]:{0}'; Computers = '::1', '127.0.0.1' }
        @{ Address = '127.0.0.1', '::1'; Text = '127.0.0.1:{0}; [::1]:{0}'; Computers = '::1', '127.0.0.1' }
        @{ Address = '::ffff:127.0.0.1'; Text = '127.0.0.1:{0}'; Computers = '127.0.0.1' }
    ) {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0 -Address $Address -WarningAction SilentlyContinue
        $server.LocalEndPoints.ToString() | Should-Be ($Text -f $server.Port)
        $server.Location | Should-Be ($Text -f $server.Port)
        foreach ($computer in $Computers) {
            Send-EchoMessage hi $computer $server.Port | Should-Be 'HI'
        }
        $server | Send-EchoMessage -Message hi | Should-Be 'HI'
        Stop-Job $server
        $expected = @($Computers) + $server.ComputerName | ForEach-Object { [Net.IPEndPoint]::new([ipaddress] $_, $server.Port).ToString() }
        (Receive-Job $server).LocalEndPoint | Should-BeCollection @($expected)
    }

    It 'localhost serves this computer by that name' {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0 -Address localhost
        Test-EchoServer localhost $server.Port | Should-BeTrue
        $server.LocalEndPoints | ForEach-Object { $_ -match '^(127\.0\.0\.1|\[::1]):' } | Should-All { $_ }
    }

    It 'a link-local address with its interface serves clients that name the interface' {
        if (-not $linkLocal) { Set-ItResult -Skipped -Because 'this computer has no link-local address' }
        $server = Start-EchoServer -KeepListening -AsJob -Port 0 -Address $linkLocal -WarningAction SilentlyContinue
        $server.LocalEndPoint | Should-Be "[$linkLocal]:$($server.Port)"
        $reply = $server | Send-EchoMessage -Message hi -Detailed
        $reply.RemoteEndPoint | Should-Be $server.LocalEndPoint
        Test-EchoServer $linkLocal $server.Port | Should-BeTrue
    }

    It 'several endpoints are lines of one row' {
        $server = Start-EchoServer -AsJob -Port 0 -Name echo -Address 127.0.0.1, ::1
        $server | Out-String -Width 100 | Should-MatchString "echo .* 127\.0\.0\.1:$($server.Port)\s*\n +\[::1\]:$($server.Port)"
    }

    It 'several endpoints are told in one message' {
        $server = Start-EchoServer -AsJob -Port 0 -Address 127.0.0.1, ::1 -Verbose 4>&1
        $server[0].Message | Should-MatchString '^Listening on 127\.0\.0\.1:(\d+), \[::1\]:\1\.$'
    }
}
