# The first echo: a server in the background, a few messages through the pipeline, what came back, and how the
# connection ended.

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../EchoSocket.psd1"

# Port 0 takes a free port; the job knows which, and hands it on to Send-EchoMessage.
$server = Start-EchoServer -AsJob -Port 0
try {
    Write-Host "A server listens on $($server.LocalEndPoint). Messages and their replies:"

    # One connection for all of them. In UTF-8 an upper-casing echo changes ASCII letters and nothing else.
    $messages = 'hello', 'Hello, world!', "stra$([char] 0xDF)e", ' '
    $server | Send-EchoMessage -Message $messages -Detailed | Select-Object Message, Reply, ByteCount, RoundTripMilliseconds | Format-Table

    Write-Host 'A server for one client ends when the client has gone, and tells how the connection went:'
    $server | Receive-Job -Wait | Format-Table
}
finally {
    Remove-Job $server -Force
}
