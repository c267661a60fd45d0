# Many computers and several ports side by side.

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:first = Start-EchoServer -KeepListening -AsJob -Port 0
    $script:second = Start-EchoServer -KeepListening -AsJob -Port 0
}

AfterAll { $first, $second | Remove-Job -Force }

Describe 'Several ports' {
    It 'go with each computer, in the order given' {
        $reports = Test-EchoServer localhost, 127.0.0.1 $second.Port, 1, $first.Port -Detailed
        $reports.ForEach({ "$($_.ComputerName):$($_.Port) $($_.Success)" }) | Should-BeCollection @(
            foreach ($computer in 'localhost', '127.0.0.1') { "$($computer):$($second.Port) True"; "$($computer):1 False"; "$($computer):$($first.Port) True" })
        $measured = Measure-EchoServer localhost, 127.0.0.1 $second.Port, $first.Port -Count 1
        $measured.ForEach({ "$($_.ComputerName):$($_.Port) $($_.Received)" }) | Should-BeCollection @(
            foreach ($computer in 'localhost', '127.0.0.1') { "$($computer):$($second.Port) 1"; "$($computer):$($first.Port) 1" })
    }

    It 'can be digits, a property of an input object, and go with computers from the pipeline' {
        (Test-EchoServer -Port "$($first.Port)", $second.Port) -join ' ' | Should-BeString 'True True'
        ([pscustomobject]@{ Server = '127.0.0.1'; TcpPort = $first.Port, 1 } | Test-EchoServer) -join ' ' | Should-BeString 'True False'
        ('127.0.0.1', 'localhost' | Test-EchoServer -Port 1, $first.Port) -join ' ' | Should-BeString 'False True False True'
    }

    It 'are not those of a server job, which has its own' {
        @(Test-EchoServer $first -Port 1, 2) -join ' ' | Should-BeString 'True'
        @($first, $second | Test-EchoServer -Port 1, 2) -join ' ' | Should-BeString 'True True'
        (Measure-EchoServer $first 1, 2 -Count 1).Port | Should-BeCollection @($first.Port)
    }
}

Describe 'Test-EchoServer with a list' {
    It 'writes each result in its place, with the values of its own row' {
        $tls = Start-EchoServer -KeepListening -AsJob -Port 0 -UseTls 6> $null
        try {
            $rows = foreach ($i in 1..20) {
                [pscustomobject]@{ ComputerName = 'localhost'; Port = $tls.Port; UseTls = $true; TrustedCertificate = $tls.Certificate }
                [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $first.Port; UseTls = $false; TrustedCertificate = @() }
            }
            $reports = $rows | Test-EchoServer -Detailed
            $reports.Success -ne $true | Should-BeNull
            $reports.Port -join ' ' | Should-BeString ($rows.Port -join ' ')
            @($reports.Where({ $_.TlsProtocol }).Port | Select-Object -Unique) | Should-BeCollection @($tls.Port)
        }
        finally {
            Remove-Job $tls -Force
        }
    }

    It 'stops when the next command has enough' {
        & { while ($true) { '127.0.0.1' } } | Test-EchoServer -Port $first.Port | Select-Object -First 1 | Should-BeTrue
    }

    It 'writes verbose messages and errors on the way, and the results of the other rows' {
        $all = @(
            & {
                [pscustomobject]@{ Server = '127.0.0.1'; Port = $first.Port }
                [pscustomobject]@{ Server = '127.0.0.1'; Prot = 7 }
                [pscustomobject]@{ Server = '127.0.0.1'; Port = 1 }
            } | Test-EchoServer -Verbose 4>&1 2>&1)
        $all.Where({ $_ -is [bool] }) -join ' ' | Should-BeString 'True False'
        $all.Where({ $_ -is [Management.Automation.ErrorRecord] }).FullyQualifiedErrorId | Should-BeLikeString 'ServerNotNamed,*'
        $all.Where({ $_ -is [Management.Automation.VerboseRecord] }).Message -join "`n" |
            Should-MatchString "^127\.0\.0\.1, port $($first.Port): echoes\.\n127\.0\.0\.1, port 1: Connect failed, refused\.$"
    }

    It 'refuses a limit of <_>' -ForEach 0, 1025 {
        { Test-EchoServer -ThrottleLimit $_ } | Should-Throw '*ThrottleLimit*'
    }
}

Describe '-SourcePort' {
    BeforeAll {
        # A socket that is bound keeps Linux from giving the port to another client, and lets this one have it.
        $script:reserved = [Net.Sockets.Socket]::new([Net.Sockets.AddressFamily]::InterNetwork, [Net.Sockets.SocketType]::Stream, [Net.Sockets.ProtocolType]::Tcp)
        $reserved.Bind([Net.IPEndPoint]::new([ipaddress]::Any, 0))
        $script:port = $reserved.LocalEndPoint.Port
        if (-not (Test-Path /proc)) { $reserved.Dispose() }
    }
    AfterAll { $reserved.Dispose() }

    It 'is where every client connects from' {
        (Test-EchoServer 127.0.0.1 $first.Port -SourcePort $port -Detailed).LocalEndPoint | Should-Be "127.0.0.1:$port"
        (Send-EchoMessage hi 127.0.0.1 $second.Port -SourcePort $port -Detailed).LocalEndPoint | Should-Be "127.0.0.1:$port"
        $server = Start-EchoServer -AsJob -Port 0
        (Measure-EchoServer $server -Count 1 -SourcePort $port).Received | Should-Be 1
        (Receive-Server $server).RemoteEndPoint | Should-Be "127.0.0.1:$port"
    }

    It 'is an error that names it where another socket has the port: <Cmdlet>' -ForEach @(
        @{ Cmdlet = 'Send-EchoMessage'; Call = { Send-EchoMessage hi 127.0.0.1 $first.Port -SourcePort $second.Port } }
        @{ Cmdlet = 'Enter-EchoSession'; Call = { Enter-EchoSession 127.0.0.1 $first.Port -SourcePort $second.Port } }
        @{ Cmdlet = 'Measure-EchoServer'; Call = { Measure-EchoServer 127.0.0.1 $first.Port -SourcePort $second.Port -ErrorAction Stop } }
    ) {
        $problem = $Call | Should-Throw "Cannot connect from port $($second.Port): another socket of this computer uses the port.*" 'AddressInUse,*'
        $problem.CategoryInfo.Category | Should-Be 'ResourceUnavailable'
        $problem.TargetObject | Should-Be "port $($second.Port)"
    }

    It 'is a result of Test-EchoServer where another socket has the port' {
        $report = Test-EchoServer 127.0.0.1 $first.Port -SourcePort $second.Port -Detailed
        $report.FailedStage | Should-Be 'Connect'
        $report.Reason | Should-BeLikeString "Cannot connect from port $($second.Port): another socket*"
    }

    It 'goes with one connection of Measure-EchoServer' {
        { Measure-EchoServer -SourcePort 5000 -Connections 2 } | Should-Throw '*omit one of them*' 'ParameterConflict,*'
    }

    It 'refuses <_>' -ForEach 0, 65536, '7,007', 7.5 {
        { Test-EchoServer -SourcePort $_ } | Should-Throw '*SourcePort*'
    }
}

Describe '-DscpValue' {
    It 'goes with every client, and with a server' {
        $warned = @()
        $server = Start-EchoServer -AsJob -Port 0 -DscpValue 46 -WarningVariable +warned -WarningAction SilentlyContinue
        Send-EchoMessage hi $server | Should-Be HI
        Remove-Job $server -Force
        Test-EchoServer $first -DscpValue 46 -WarningVariable +warned -WarningAction SilentlyContinue | Should-BeTrue
        Send-EchoMessage hi $first -DscpValue 63 -WarningVariable +warned -WarningAction SilentlyContinue | Should-Be HI
        (Measure-EchoServer $first -DscpValue 1 -Count 1 -WarningVariable +warned -WarningAction SilentlyContinue).Received | Should-Be 1
        if ([Environment]::OSVersion.Platform -eq 'Win32NT') {
            $warned.Count | Should-Be 4
            $warned | Should-All { "$_" -like 'Windows does not let a program mark*' }
        }
        else {
            $warned.Count | Should-Be 0
        }
    }

    It 'refuses <_>' -ForEach -1, 64 {
        { Send-EchoMessage hi -DscpValue $_ } | Should-Throw '*DscpValue*'
        { Start-EchoServer -AsJob -Port 0 -DscpValue $_ } | Should-Throw '*DscpValue*'
    }
}
