<#
.SYNOPSIS
    Builds EchoSocket, and shows, tests or packages it. Needs the .NET 10 SDK.
.DESCRIPTION
    Build    builds everything; EchoSocket.psd1 can then be imported from here.
    Demo     builds, then runs examples/first-echo.ps1.
    Test     builds, then runs all tests, as 'dotnet test' does.
    Package  builds, then copies the module to out/EchoSocket/<version>.

    Runs in PowerShell 7 and in Windows PowerShell 5.1.
.EXAMPLE
    ./build.ps1 -Task Test
.EXAMPLE
    dotnet tool exec powershell --yes -- ./build.ps1 -Task Demo

    Runs it in the PowerShell that .config/dotnet-tools.json names, restored from NuGet.
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Demo', 'Test', 'Package')]
    [string] $Task = 'Build'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Invoke-DotNet {
    dotnet @args
    if ($LASTEXITCODE -ne 0) {
        throw "dotnet $args failed with exit code $LASTEXITCODE."
    }
}

function Copy-Module {
    $version = (Import-PowerShellDataFile EchoSocket.psd1).ModuleVersion
    $target = "$PSScriptRoot/out/EchoSocket/$version"
    if (Test-Path $target) {
        Remove-Item $target -Recurse
    }

    New-Item $target -ItemType Directory
    Copy-Item EchoSocket.psd1, LICENSE, THIRD-PARTY-NOTICES, README.md, CHANGELOG.md, bin $target -Recurse
    Remove-Item "$target/bin/*.xml" # the assemblies' documentation; the cmdlets' help is in a folder of its own
}

Push-Location $PSScriptRoot
try {
    Invoke-DotNet build
    switch ($Task) {
        'Demo' { ./examples/first-echo.ps1 }
        'Test' { Invoke-DotNet test --no-build }
        'Package' { Copy-Module }
    }
}
finally {
    Pop-Location
}
