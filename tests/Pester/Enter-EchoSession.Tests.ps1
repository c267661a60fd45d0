BeforeAll { . "$PSScriptRoot/Shared.ps1" }

Describe 'Enter-EchoSession' {
    AfterEach { Close-Everything }

    It 'prompts, sends each line but the empty ones, shows the replies, and ends with exit' {
        $server = Start-EchoServer -AsJob -Port 0
        $process = Open-PowerShell "$TestDrive/session.ps1" ([scriptblock]::Create("Enter-EchoSession -Port $($server.Port); 'went on'"))
        'hello', '', 'exit' | ForEach-Object { $process.StandardInput.WriteLine($_) }
        # PowerShell itself may show the lines that it reads from redirected input.
        Receive-Process $process | Should-MatchString '^>>>: (hello\s+)?HELLO\s+>>>: \s*>>>: (exit\s+)?went on\s*$' -CaseSensitive
        (Receive-Server $server).BytesReceived | Should-Be 5
    }

    It 'ends with the input' {
        $server = Start-EchoServer -AsJob -Port 0
        $process = Open-PowerShell "$TestDrive/session.ps1" ([scriptblock]::Create("Enter-EchoSession -Port $($server.Port); 'went on'"))
        Receive-Process $process | Should-MatchString 'went on'
        (Receive-Server $server).EndReason | Should-Be 'PeerClosed'
    }
}
