# The first echo: a server in the background, a few messages through the pipeline, what came back, and how the
# connection ended. Runs in any PowerShell, and in src/EchoSocket.Shell.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-Module EchoSocket)) {
    Import-Module "$PSScriptRoot/../EchoSocket.psd1"
}

# Port 0 takes a free port; the job knows which, and hands it on to Send-EchoMessage.
$server = Start-EchoServer -AsJob -Port 0
try {
    # One connection for all of them. In UTF-8 an upper-casing echo changes ASCII letters and nothing else.
    $eszett = [char]0xDF
    $messages = 'hello', 'Hello, world!', "stra${eszett}e", ' '
    $server | Send-EchoMessage -Message $messages -Detailed | Out-Host

    # A server for one client ends when the client has gone, and tells how the connection went.
    $server | Wait-Job | Receive-Job | Out-Host
}
finally {
    Remove-Job $server -Force
}
