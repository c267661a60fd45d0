# Runs the Pester files; ends with exit code 1 if one fails. Needs Pester 5.3 or newer, and installs it where it can.
$ErrorActionPreference = 'Stop'

$pester = @{ ModuleName = 'Pester'; ModuleVersion = '5.3' }
if (-not (Get-Module -ListAvailable -FullyQualifiedName $pester)) {
    try {
        Install-Module Pester -MinimumVersion 5.3 -Scope CurrentUser -Force -SkipPublisherCheck
    }
    catch {
        if ($env:CI) { throw }
        Write-Warning "Pester 5.3 or newer is not here and can't be installed, so the Pester files were not run: $_"
        exit 0
    }
}

Import-Module -FullyQualifiedName $pester
$result = Invoke-Pester -Path $PSScriptRoot -PassThru
exit [int]($result.Result -ne 'Passed')
