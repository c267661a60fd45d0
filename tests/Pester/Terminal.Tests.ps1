# A server in the foreground, at a real terminal and where its output is redirected.

BeforeDiscovery {
    $script:noTerminal = -not (Test-Path /proc/self) -or -not (Get-Command script -CommandType Application -ErrorAction Ignore)
}

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"

    # PowerShell at a terminal of its own: util-linux's script passes on what is typed and what is shown.
    function Open-Terminal([string] $Path, [scriptblock] $Script) {
        Set-Content $Path "Import-Module '$manifest'`n$Script" -Encoding UTF8
        $program = (Get-Process -Id $PID).Path
        $library = if ((Split-Path $program -Leaf) -like 'dotnet*') { "'$PSHOME/pwsh.dll'" }
        $start = [Diagnostics.ProcessStartInfo]::new('script', "-qefc `"'$program' $library -NoProfile -File '$Path'`" /dev/null")
        $start.UseShellExecute = $false
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
        $process = [Diagnostics.Process]::Start($start)
        $processes.Add($process)
        $process
    }
}

Describe 'A server in the foreground' {
    AfterEach { Close-Everything }

    It 'says at a terminal where it listens and, on Ctrl+C, how its connection ended' -Skip:$noTerminal {
        $ignored = (Get-Content "/proc/$PID/status") -match '^SigIgn:.*[2367abef]$'
        if ($ignored) { Set-ItResult -Skipped -Because 'a shell that runs this in the background has it ignore Ctrl+C' }
        $process = Open-Terminal "$TestDrive/server.ps1" { Start-EchoServer -KeepListening -Port 0 }
        $line = Read-Line $process 'Listening on'
        $line | Should-MatchString 'Listening on 127\.0\.0\.1:\d+\. Press Ctrl\+C to stop\.'
        $client = Connect-Socket (Get-ToldPort ($line -replace ' Press.*'))
        Invoke-Echo $client
        $name = "127\.0\.0\.1:$($client.LocalEndPoint.Port)"
        $process.StandardInput.Write([char] 3)
        $process.StandardInput.Flush()
        Receive-End $client
        Receive-Process $process | Should-MatchString "(?m)^$name ended after .*: Stopped; received 1 byte, sent 1 byte\."
    }

    It 'says nothing but its results where its output is redirected' {
        $port = ($job = Start-EchoServer -AsJob -Port 0).Port
        Remove-Job $job -Force
        $process = Open-PowerShell "$TestDrive/server.ps1" ([scriptblock]::Create("Start-EchoServer -Port $port | ForEach-Object EndReason"))
        Wait-Until { Test-EchoServer -Port $port }
        (Receive-Process $process).Trim() | Should-BeString 'PeerClosed'
    }
}
