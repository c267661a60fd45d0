# A server in the foreground, at a real terminal and where its output is redirected.

BeforeDiscovery {
    $script:noTerminal = -not (Test-Path /proc/self) -or -not (Get-Command script -CommandType Application -ErrorAction Ignore)
}

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
}

Describe 'A server in the foreground' {
    AfterEach { Close-Everything }

    It 'says at a terminal where it listens and, on Ctrl+C, how its connection ended' -Skip:$noTerminal {
        $ignored = (Get-Content "/proc/$PID/status") -match '^SigIgn:.*[2367abef]$'
        if ($ignored) { Set-ItResult -Skipped -Because 'a shell that runs this in the background has it ignore Ctrl+C' }
        $process = Open-PowerShell "$TestDrive/server.ps1" { Start-EchoServer -KeepListening -Port 0 } -Terminal
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

    It 'says nothing in a runspace, whose host shows nothing' {
        $port = ($job = Start-EchoServer -AsJob -Port 0).Port
        Remove-Job $job -Force
        $shell = [powershell]::Create().AddScript("Import-Module '$manifest'; Start-EchoServer -Port $port")
        $running = $shell.BeginInvoke()
        Wait-Until { Test-EchoServer -Port $port }
        $running.AsyncWaitHandle.WaitOne(30000) | Should-BeTrue
        $shell.EndInvoke($running).EndReason | Should-BeString PeerClosed
        $shell.Streams.Information.Count | Should-Be 0
        $shell.Dispose()
    }
}
