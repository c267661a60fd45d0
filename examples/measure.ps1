# Measures a path twice: one message after another, and at a steady rate, which also shows how long messages wait behind a
# slow reply. The first two arguments name a server of yours; without them the script starts one.

param(
    [string] $ComputerName,
    [int] $Port = 8081
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../EchoSocket.psd1"

$server = if ($ComputerName) {
    [pscustomobject]@{ ComputerName = $ComputerName; Port = $Port }
}
else {
    Start-EchoServer -KeepListening -AsJob -Port 0
}

try {
    $closed = $server | Measure-EchoServer -Count 1000
    $open = $server | Measure-EchoServer -Rate 200 -DurationSeconds 1 -Connections 4
    $closed, $open

    'Side by side:'
    $closed, $open | Format-Table
}
finally {
    if (-not $ComputerName) {
        Remove-Job $server -Force
    }
}
