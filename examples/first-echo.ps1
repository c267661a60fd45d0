# The first echo: a server in the background, a few messages through the pipeline, what came back, and how the
# connection ended. Runs in any PowerShell, and in src/EchoSocket.Shell.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-Module EchoSocket)) {
    Import-Module "$PSScriptRoot/../EchoSocket.psd1"
}

# Start-EchoServer holds the prompt until its client has gone, so it runs in a runspace of its own.
$state = [initialsessionstate]::CreateDefault2()
$state.ImportPSModule((Get-Module EchoSocket).Path)
$server = [powershell]::Create($state).AddCommand('Start-EchoServer').AddParameter('Port', 0).AddParameter('Verbose')
$running = $server.BeginInvoke()
try {
    # Port 0 takes a free port; the first thing the server says is which: "Listening on 127.0.0.1:50123."
    while ($server.Streams.Verbose.Count -eq 0) {
        if ($running.AsyncWaitHandle.WaitOne(10)) {
            $null = $server.EndInvoke($running) # throws what kept it from listening
        }
    }

    $port = [int]($server.Streams.Verbose[0].Message -replace '^.*:(\d+)\.$', '$1')

    # One connection for all of them. In UTF-8 an upper-casing echo changes ASCII letters and nothing else.
    $eszett = [char]0xDF
    'hello', 'Hello, world!', "stra${eszett}e", ' ' | Send-EchoMessage -Port $port -Detailed | Out-Host

    # The client has gone, so the server returns and tells how the connection went.
    $server.EndInvoke($running) | Out-Host
}
finally {
    $server.Dispose()
}
