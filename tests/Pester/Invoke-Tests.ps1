<#
.SYNOPSIS
    Runs the Pester files beside it, in PowerShell 7 or Windows PowerShell 5.1. Ends with exit code 1 if a test fails.
.DESCRIPTION
    Uses the Pester that the test projects restore from NuGet: run 'dotnet build' once before. 'dotnet test' runs this
    script in the PowerShell of .config/dotnet-tools.json.
.PARAMETER Path
    The files to run; all of this folder if not given.
.PARAMETER FullName
    Runs only the tests whose full name is like one of these: 'Send-EchoMessage.*'.
.PARAMETER ResultPath
    Writes a JSON file: the name of each test, its result, and what went wrong.
#>
[CmdletBinding()]
param(
    [string[]] $Path = $PSScriptRoot,
    [string[]] $FullName = @(),
    [string] $ResultPath
)

$packages = if ($env:NUGET_PACKAGES) { $env:NUGET_PACKAGES } else { "$HOME/.nuget/packages" }
$version = ([xml] (Get-Content "$PSScriptRoot/../../Directory.Packages.props" -Raw)).Project.PropertyGroup.PesterVersion
$restored = "$packages/pester/$version/tools/Pester.psd1"
if (Test-Path $restored) {
    Import-Module $restored -ErrorAction Stop
}
else {
    Import-Module Pester -MinimumVersion $version -ErrorAction Stop
}

$run = Invoke-Pester -Configuration (New-PesterConfiguration @{
    Run    = @{ Path = $Path; PassThru = $true }
    Filter = @{ FullName = $FullName }
    Should = @{ DisableV5 = $true }
    Output = @{ Verbosity = 'Detailed' }
})

if ($run -and $ResultPath) {
    # A failure outside a test, such as in AfterAll, is reported for its block, or for its file if that can't be loaded.
    $ran = @($run.Tests | Where-Object Result -NE 'NotRun') + @($run.FailedBlocks) + @($run.FailedContainers)
    $results = foreach ($part in $ran) {
        [pscustomobject]@{
            Name    = if ($part -is [Pester.Container]) { "$($part.Item)" } else { $part.ExpandedPath }
            Result  = $part.Result
            Message = ($part.ErrorRecord | ForEach-Object { $_.DisplayErrorMessage; $_.DisplayStackTrace }) -join "`n"
        }
    }
    ConvertTo-Json @($results) | Set-Content $ResultPath -Encoding UTF8
}

# Without a test file there is no run. If the filter selects no test, none has passed.
exit [int] (-not $run -or $run.Result -ne 'Passed' -or $run.PassedCount -eq 0)
