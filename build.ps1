<#
.SYNOPSIS
    Builds, tests or packages EchoSocket. Needs the .NET SDK.
.DESCRIPTION
    Build    builds everything; EchoSocket.psd1 can then be imported from here.
    Test     builds, then runs the xunit projects, and the Pester files where a PowerShell and Pester 5.3 or newer can
             be found or installed. Ends with exit code 1 if anything fails.
    Package  builds, then copies the module to out/EchoSocket/<version>.

    Uses only what every PowerShell has built in: it runs in PowerShell 7, in Windows PowerShell 5.1, and in
    src/EchoSocket.Shell, which has neither Microsoft.PowerShell.Utility nor Microsoft.PowerShell.Management.
.EXAMPLE
    ./build.ps1 -Task Test
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Package')]
    [string] $Task = 'Build'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Invoke-DotNet {
    & dotnet @args | Out-Host
    if ($LASTEXITCODE -ne 0) {
        throw "dotnet $args failed with exit code $LASTEXITCODE."
    }
}

function Find-PowerShell {
    $name = if ($PSVersionTable.PSEdition -eq 'Desktop') { 'powershell' } else { 'pwsh' }
    Get-Command $name -CommandType Application -ErrorAction Ignore | ForEach-Object Source
}

function Invoke-Pester5 {
    $powershell = @(Find-PowerShell)
    if ($powershell.Count -eq 0) {
        'No PowerShell was found, so the Pester files were not run.' | Out-Host
        return
    }

    # A process of its own: it loads the assemblies just built, and locks none for the next build.
    & $powershell[0] -NoProfile -NonInteractive -File "$PSScriptRoot/tests/Pester/Invoke-Tests.ps1" | Out-Host
    if ($LASTEXITCODE -ne 0) {
        throw "The Pester files failed with exit code $LASTEXITCODE."
    }
}

function Copy-Module {
    $version = (Test-ModuleManifest "$PSScriptRoot/EchoSocket.psd1").Version
    $target = [IO.Path]::Combine($PSScriptRoot, 'out', 'EchoSocket', "$version")
    if ([IO.Directory]::Exists($target)) {
        [IO.Directory]::Delete($target, $true)
    }

    $files = @('EchoSocket.psd1', 'LICENSE', 'README.md', 'CHANGELOG.md')
    $files += [IO.Directory]::GetFiles("$PSScriptRoot/bin", '*', 'AllDirectories') |
        ForEach-Object { $_.Substring($PSScriptRoot.Length + 1) } |
        Where-Object { $_ -notlike '*.xml' -or $_ -like '*-Help.xml' }
    foreach ($file in $files) {
        $copy = [IO.Path]::Combine($target, $file)
        $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($copy))
        [IO.File]::Copy([IO.Path]::Combine($PSScriptRoot, $file), $copy)
    }

    "Packaged to $target" | Out-Host
}

try {
    Invoke-DotNet build "$PSScriptRoot/EchoSocket.slnx"
    switch ($Task) {
        'Test' {
            Invoke-DotNet test --solution "$PSScriptRoot/EchoSocket.slnx" --no-build
            Invoke-Pester5
        }
        'Package' { Copy-Module }
    }
}
catch {
    [Console]::Error.WriteLine($_)
    exit 1
}
