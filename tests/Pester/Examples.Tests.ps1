BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:examples = "$PSScriptRoot/../../examples"
}

Describe 'The example' {
    It 'first-echo.ps1 shows the replies and how the connection ended' {
        $shown = & "$examples/first-echo.ps1" 6>&1 | Out-String
        $shown | Should-MatchString 'A server listens on 127\.0\.0\.1:\d+\.'
        $shown | Should-MatchString 'HELLO, WORLD! +13 '
        $shown | Should-MatchString "STRA$([char] 0xDF)E"
        $shown | Should-MatchString 'PeerClosed .* 26 +26 127\.0\.0\.1'
    }

    It 'measure.ps1 shows both loops' {
        $shown = & "$examples/measure.ps1" 6>&1 | Out-String
        $shown | Should-MatchString '1,000 sent, 1,000 received, 0 lost'
        $shown | Should-MatchString '4 connections, 32-byte messages, open loop at 200/s'
        $shown | Should-MatchString '200 sent, 200 received, 0 lost'
        $shown | Should-MatchString 'P50 +P99 +Maximum'
    }

    It 'measure.ps1 takes a server of yours' {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0
        $null = & "$examples/measure.ps1" 127.0.0.1 $server.Port 6>&1
        $server.TotalConnections | Should-Be 5
        Remove-Job $server -Force
    }

    It 'Test-MyClient.Tests.ps1 passes' {
        $path = "$examples/Test-MyClient.Tests.ps1"
        $process = Open-PowerShell "$TestDrive/run.ps1" ([scriptblock]::Create("& '$PSScriptRoot/Invoke-Tests.ps1' -Path '$path'; exit `$LASTEXITCODE"))
        $output = Receive-Process $process
        $process.WaitForExit()
        $output -replace "\x1B\[[0-9;]*m" | Should-MatchString "Tests Passed: 7, Failed: 0, Skipped: 0"
        $process.ExitCode | Should-Be 0
    }

    It '<Name> is run by a test' -ForEach (Get-ChildItem "$PSScriptRoot/../../examples" -Filter *.ps1) {
        Get-Content "$PSScriptRoot/Examples.Tests.ps1" -Raw | Should-MatchString ([regex]::Escape("/$($_.Name)`""))
    }
}
