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
            foreach ($port in 40000..40063 | Where-Object { $_ -band 2 }) {
                $taken = [Net.Sockets.TcpListener]::new([ipaddress]::Loopback, $port)
                $taken.Start()
            }
            $ports = foreach ($i in 1..25) {
                $server = Start-EchoServer -AsJob -Port 0 -Address ::1, 127.0.0.1
                $server.Port
                Remove-Job $server -Force
            }
            "$(@($ports | Where-Object { $_ -and -not ($_ -band 2) }).Count) of 25"
'@
        $file = Join-Path $TestDrive ports.ps1
        Set-Content $file $script
        $module = Resolve-Path "$PSScriptRoot/../../EchoSocket.psd1"
        $setup = 'ip link set lo up; echo 40000 40063 > /proc/sys/net/ipv4/ip_local_port_range; exec dotnet "$@"'
        unshare --net sh -c $setup sh "$PSHOME/pwsh.dll" -NoProfile -File $file $module | Should-Be '25 of 25'
    }
}
