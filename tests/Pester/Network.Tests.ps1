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
