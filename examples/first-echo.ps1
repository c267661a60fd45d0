# The first echo: starts a server in the background, sends a few messages through the pipeline, and shows the replies and
# how the connection ended.

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../EchoSocket.psd1"

# Port 0 takes a free port. The job knows which, and Send-EchoMessage gets it from the pipeline.
$server = Start-EchoServer -AsJob -Port 0
try {
    "A server listens on $($server.LocalEndPoint). Messages and their replies:"

    # All messages use one connection. The server upper-cases bytes, so in UTF-8 it changes ASCII letters and nothing else.
    $messages = 'hello', 'Hello, world!', "stra$([char] 0xDF)e", ' '
    $server | Send-EchoMessage -Message $messages -Detailed | Select-Object Message, Reply, ByteCount, RoundTripMilliseconds | Format-Table

    'A server for one client ends when that client disconnects, and reports how the connection ended:'
    $server | Receive-Job -Wait | Format-Table
}
finally {
    Remove-Job $server -Force
}
