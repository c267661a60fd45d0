# Who may connect to a server.

BeforeAll { . "$PSScriptRoot/Shared.ps1" }

Describe 'Start-EchoServer -AllowFrom' {
    AfterEach { Close-Everything }

    It 'serves <From> with <Ranges>' -ForEach @(
        @{ From = '127.0.0.1'; Ranges = '127.0.0.1' }
        @{ From = '127.0.0.1'; Ranges = '192.0.2.1', '127.0.0.0/8' }
        @{ From = '::1'; Ranges = '::1' }
        @{ From = '::1'; Ranges = '127.0.0.0/8', '::/0' }
        @{ From = '127.0.0.1'; Ranges = [ipaddress] '127.0.0.1' }
    ) {
        if ($From -eq '::1' -and -not [Net.Sockets.Socket]::OSSupportsIPv6) { Set-ItResult -Skipped -Because 'there is no IPv6 here' }
        $server = Start-EchoServer -AsJob -Port 0 -Address $From -AllowFrom $Ranges
        $server | Send-EchoMessage -Message hi | Should-Be 'HI'
        $server.RefusedConnections | Should-Be 0
    }

    It 'disconnects every other client, counts it and tells of it, and goes on' {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0 -AllowFrom 192.0.2.0/24, ::/0 -Verbose 4> $null
        foreach ($i in 1..3) {
            { $server | Send-EchoMessage -Message hi } | Should-Throw -FullyQualifiedErrorId 'ConnectionReset,*'
        }
        Test-EchoServer $server | Should-BeFalse
        $server.RefusedConnections | Should-Be 4
        $server.TotalConnections, $server.BytesReceived, $server.State -join ' ' | Should-BeString '0 0 Running'
        $server.StatusMessage | Should-MatchString '4 refused'
        Stop-Job $server
        $told = @(Receive-Job $server -Verbose 4>&1)
        $told | Should-BeCollection -Count 4 -Because 'a refused client has no result'
        $told[0].Message | Should-MatchString '^127\.0\.0\.1:\d+ refused: -AllowFrom does not include it\.$'
    }

    It 'keeps a server of one client waiting for one that it allows' {
        if (-not (Test-Path /proc)) { Set-ItResult -Skipped -Because 'only Linux has all of 127.0.0.0/8' }
        $server = Start-EchoServer -AsJob -Port 0 -Address 0.0.0.0 -AllowFrom 127.0.0.2
        Test-EchoServer $server | Should-BeFalse
        $client = [Net.Sockets.TcpClient]::new([Net.IPEndPoint]::new([ipaddress] '127.0.0.2', 0))
        $client.Connect('127.0.0.1', $server.Port)
        $client.Close()
        (Receive-Server $server).RemoteEndPoint | Should-BeLikeString '127.0.0.2:*'
        $server.RefusedConnections | Should-Be 1
    }

    It 'refuses <Range> before it listens, and quotes it' -ForEach @(
        @{ Range = 'nonsense'; Says = "*'nonsense' is not an IP address or network*" }
        @{ Range = '127.0.0.1', '192.0.2.0/33'; Says = "*'192.0.2.0/33'*0 to 32*" }
        @{ Range = '192.0.2.7/24'; Says = "*'192.0.2.7/24'*192.0.2.0/24*" }
        @{ Range = 7; Says = "*'7' is not*" }
        @{ Range = ''; Says = "*AllowFrom*'' is not*" }
        @{ Range = @(); Says = '*AllowFrom*empty*' }
        @{ Range = $null; Says = '*AllowFrom*' }
    ) {
        $problem = { Start-EchoServer -AsJob -Port 0 -AllowFrom $Range } | Should-Throw $Says
        $problem.CategoryInfo.Category | Should-Be 'InvalidData'
        Get-Job | Should-BeNull
    }

    It 'takes the networks of .NET' {
        if (-not ('Net.IPNetwork' -as [type])) { Set-ItResult -Skipped -Because 'this .NET has no networks' }
        $server = Start-EchoServer -AsJob -Port 0 -AllowFrom ([Net.IPNetwork]::Parse('127.0.0.0/8'))
        Test-EchoServer $server | Should-BeTrue
    }

    It 'says to which computers the server is open, so there is no warning' {
        $null = Start-EchoServer -Port 0 -AsJob -Address 0.0.0.0 -AllowFrom 192.0.2.0/24 -WarningVariable warned
        $warned | Should-BeNull
    }
}
