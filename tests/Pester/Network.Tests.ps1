# Tests that need a network of their own: a network namespace (Linux, with the privilege to create one).

BeforeDiscovery {
    $script:namespaces = $false
    if ($IsLinux -and (Get-Command unshare, ip -CommandType Application -ErrorAction Ignore)) {
        unshare --net true 2> $null
        $script:namespaces = $LASTEXITCODE -eq 0
    }
}

Describe 'Without a loopback interface' {
    It 'a server still stops (needs a network namespace)' -Skip:(-not $namespaces) {
        $script = @'
            Import-Module $args[0]
            $server = Start-EchoServer -KeepListening -AsJob -Port 0
            ip link set lo down
            $stop = [powershell]::Create().AddScript({ param($Server) Stop-Job $Server }).AddArgument($server)
            $stop.BeginInvoke().AsyncWaitHandle.WaitOne(30000)
            [Environment]::Exit(0)
'@
        $file = Join-Path $TestDrive stop.ps1
        Set-Content $file $script
        $module = Resolve-Path "$PSScriptRoot/../../EchoSocket.psd1"
        unshare --net sh -c 'ip link set lo up; exec dotnet "$@"' sh "$PSHOME/pwsh.dll" -NoProfile -File $file $module | Should-Be 'True'
    }
}

Describe 'With few free ports' {
    It 'a server on several addresses finds one that is free on all (needs a network namespace)' -Skip:(-not $namespaces) {
        $script = @'
            Import-Module $args[0]
            $taken = foreach ($port in 40000..40063 | Where-Object { $_ -band 2 }) {
                $listener = [Net.Sockets.TcpListener]::new([ipaddress]::Loopback, $port)
                $listener.Start()
                $listener
            }
            $ports = foreach ($i in 1..25) {
                (Start-EchoServer -AsJob -Port 0 -Address ::1, 127.0.0.1).Port
                Get-Job | Remove-Job -Force
            }
            "$(@($ports | Where-Object { $_ -and -not ($_ -band 2) }).Count) of 25"
            $taken.Stop()
'@
        $file = Join-Path $TestDrive ports.ps1
        Set-Content $file $script
        $module = Resolve-Path "$PSScriptRoot/../../EchoSocket.psd1"
        $setup = 'ip link set lo up; echo 40000 40063 > /proc/sys/net/ipv4/ip_local_port_range; exec dotnet "$@"'
        unshare --net sh -c $setup sh "$PSHOME/pwsh.dll" -NoProfile -File $file $module | Should-Be '25 of 25'
    }
}

Describe 'With -KeepAliveSeconds' {
    It 'both sides notice that the other has vanished (needs a network namespace)' -Skip:(-not $namespaces) {
        $script = @'
            Import-Module $args[0]
            $server = Start-EchoServer -AsJob -Port 0 -KeepAliveSeconds 1
            $client = [Net.Sockets.TcpClient]::new('127.0.0.1', $server.Port)
            $silent = [Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
            $silent.Start()
            $calls = foreach ($call in 'Send-EchoMessage hi', 'Measure-EchoServer -Count 1', 'Test-EchoServer -Detailed') {
                $limit = if ($call -like 'Test*') { '-TimeoutSeconds 60' } else { '-OperationTimeoutSeconds 60' }
                $shell = [powershell]::Create().AddScript("Import-Module $($args[0]); try { $call -Port $($silent.LocalEndpoint.Port) -KeepAliveSeconds 1 $limit 2>&1 } catch { `$_ }")
                [pscustomobject]@{ Shell = $shell; Running = $shell.BeginInvoke() }
            }
            $accepted = foreach ($call in $calls) {
                $peer = $silent.AcceptTcpClient()
                $null = $peer.GetStream().Read([byte[]]::new(100), 0, 100)
                $peer
            }

            # Nothing is on its way any more: the column tx_queue is 0.
            $isQuiet = { $server.ActiveConnections -and -not ((Get-Content /proc/net/tcp) -match '^\s*\d+: \S+ \S+ 01 (?!00000000:)') }
            $null = [Threading.SpinWait]::SpinUntil([Func[bool]] $isQuiet, 30000)
            ip link set lo down
            $null = Wait-Job $server -Timeout 60
            Receive-Job $server | ForEach-Object { "$($_.EndReason): $($_.Detail)" }
            foreach ($call in $calls) {
                $null = $call.Running.AsyncWaitHandle.WaitOne(30000)
                $result = $call.Shell.EndInvoke($call.Running)
                $problem = $result | Where-Object { $_ -is [Management.Automation.ErrorRecord] }
                if ($problem) { "$($problem.FullyQualifiedErrorId -replace ',.*'): $problem" } else { $result.Reason }
            }
            [Environment]::Exit(0)
'@
        $file = Join-Path $TestDrive keepalive.ps1
        Set-Content $file $script
        $module = Resolve-Path "$PSScriptRoot/../../EchoSocket.psd1"
        $lines = @(unshare --net sh -c 'ip link set lo up; exec dotnet "$@"' sh "$PSHOME/pwsh.dll" -NoProfile -File $file $module)
        $lines | Should-BeCollection -Count 4 -Because ($lines -join "`n")
        $lines[0] | Should-BeLikeString 'Faulted: The client can no longer be reached: *'
        $lines[1] | Should-BeLikeString 'HostUnreachable: * can no longer be reached: 0 of 2 bytes*'
        $lines[2] | Should-BeLikeString 'HostUnreachable: * can no longer be reached: 0 of 32 bytes*'
        $lines[3] | Should-BeLikeString 'no longer reachable; 0 of 64 bytes came'
    }
}
