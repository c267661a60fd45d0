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

Describe 'The address family of <Cmdlet> (needs IPv6)' -Skip:(-not $hasIPv6) -ForEach @(
    @{ Cmdlet = 'Send-EchoMessage'; Call = { param($Computer, $More) Send-EchoMessage hi $Computer $server.Port -Detailed @More } }
    @{ Cmdlet = 'Measure-EchoServer'; Call = { param($Computer, $More) Measure-EchoServer $Computer $server.Port -Count 1 @More } }
    @{ Cmdlet = 'Test-EchoServer'; Call = { param($Computer, $More) Test-EchoServer $Computer $server.Port -Detailed @More } }
) {
    BeforeAll { $script:server = Start-EchoServer -KeepListening -AsJob -Port 0 -Address 127.0.0.1, ::1 }
    AfterAll { Remove-Job $server -Force }

    It 'is that of -<Family>' -ForEach @(
        @{ Family = 'IPv4'; Address = '127.0.0.1'; Other = '::1' }
        @{ Family = 'IPv6'; Address = '::1'; Other = '127.0.0.1' }
    ) {
        (& $Call $Address @{ $Family = $true }).RemoteEndPoint | Should-Be "$([Net.IPEndPoint]::new([ipaddress] $Address, $server.Port))"
        $refused = try { & $Call $Other @{ $Family = $true } 2>&1 } catch { $_ }
        $problem = if ($Cmdlet -eq 'Test-EchoServer') { $refused.Reason } else { $refused }
        "$problem" | Should-BeLikeString "*no $Family address*"
    }

    It 'is that of -SourceAddress' {
        $address = if (Test-Path /proc) { '127.0.0.7' } else { '127.0.0.1' } # only Linux has all of 127.0.0.0/8
        $result = & $Call localhost @{ SourceAddress = $address }
        $result.RemoteEndPoint | Should-Be "127.0.0.1:$($server.Port)"
        if ($Cmdlet -ne 'Measure-EchoServer') {
            $result.LocalEndPoint | Should-BeLikeString "$($address):*"
        }
        (& $Call ::1 @{ SourceAddress = [ipaddress] '::1' }).RemoteEndPoint | Should-Be "[::1]:$($server.Port)"
    }

    It 'cannot be both, nor another one than that of the source address: <More>' -ForEach @(
        @{ More = @{ IPv4 = $true; IPv6 = $true } }
        @{ More = @{ IPv6 = $true; SourceAddress = '127.0.0.1' } }
        @{ More = @{ IPv4 = $true; SourceAddress = '::1' } }
    ) {
        $problem = { & $Call localhost $More } | Should-Throw '*omit one of them*' 'ParameterConflict,*'
        $problem.CategoryInfo.Category | Should-Be 'InvalidArgument'
    }

    It 'refuses a source that is not an address: <_>' -ForEach '7', 'localhost', '[::1]:80', '::1%nosuchinterface', '' {
        { & $Call localhost @{ SourceAddress = $_ } } | Should-Throw "*'$($_ -replace '([[\]])', '`$1')' is not an IP address*Give an IP address of this computer*"
    }

    It 'refuses an address with a port as a computer, and says where to give the port' {
        { & $Call '[::1]:80' @{} } | Should-Throw '*is not a name or an IP address. Give the port separately.*'
    }
}

Describe 'Enter-EchoSession' {
    It 'has the parameters of the address family, too' {
        { Enter-EchoSession ::1 1 -IPv4 } | Should-Throw "*'::1' has no IPv4 address*" 'HostNotFound,*'
        { Enter-EchoSession 127.0.0.1 1 -SourceAddress 198.51.100.1 } | Should-Throw '*Cannot connect from 198.51.100.1*' 'AddressNotAvailable,*'
        { Enter-EchoSession -IPv4 -IPv6 } | Should-Throw -FullyQualifiedErrorId 'ParameterConflict,*'
    }
}
