# Measures a path twice: one message after another, and at a steady rate, where what waits behind a slow reply shows.
# Point it at a server of yours by its first two arguments.

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
