BeforeAll { . "$PSScriptRoot/Shared.ps1" }

Describe 'The examples' {
    It '<Name> runs' -ForEach (Get-ChildItem "$PSScriptRoot/../../examples" -Filter *.ps1) {
        $null = & $_.FullName *>&1
    }
}
