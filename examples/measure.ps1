# Measures a path twice: one message after another, and at a steady rate, where what waits behind a slow reply shows.
# Runs in any PowerShell, and in src/EchoSocket.Shell. Point it at a server of yours by its first two arguments.

param(
    [string] $ComputerName,
    [int] $Port = 8081
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-Module EchoSocket)) {
    Import-Module "$PSScriptRoot/../EchoSocket.psd1"
}

$server = if ($ComputerName) {
    [pscustomobject]@{ ComputerName = $ComputerName; Port = $Port }
}
else {
    Start-EchoServer -KeepListening -AsJob -Port 0
}

try {
    $server | Measure-EchoServer -Count 1000 | Out-Host
    $server | Measure-EchoServer -Rate 200 -DurationSeconds 1 -Connections 4 | Out-Host
}
finally {
    if (-not $ComputerName) {
        Remove-Job $server -Force
    }
}
