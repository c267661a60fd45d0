# What every view shows at a terminal of 80 and of 120 columns, with long names, losses and refusals in it. The text is kept
# in Views/80.txt and Views/120.txt, to be looked at when it changes; Views/Write-Views.ps1 says how to renew it.

BeforeDiscovery {
    # A terminal of a given width comes from the tool 'script' of util-linux.
    $script:noTerminal = -not $IsLinux -or -not (Get-Command script -CommandType Application -ErrorAction Ignore)
}

Describe 'At <Width> columns' -ForEach @{ Width = 80 }, @{ Width = 120 } -Skip:$noTerminal {
    BeforeAll {
        function Read-View([string] $Path) {
            $views = [ordered]@{}
            foreach ($line in Get-Content $Path -Encoding UTF8) {
                if ($line -match '^=== (.*)') {
                    $name = $Matches[1]
                    $views[$name] = @()
                }
                else {
                    $views[$name] += $line
                }
            }
            $views
        }

        $program = (Get-Process -Id $PID).Path
        if ((Split-Path $program -Leaf) -like 'dotnet*') {
            $program += " '$PSHOME/pwsh.dll'"
        }
        $path = "$TestDrive/$Width.txt"
        $errors = "stty cols $Width rows 50; $program -NoProfile -File '$PSScriptRoot/Views/Write-Views.ps1' '$path'" |
            bash -c 'read -r command; timeout 60 script -qec "$command" /dev/null < /dev/null'
        if (-not (Test-Path $path)) {
            throw "Write-Views.ps1 wrote nothing: $errors"
        }
        $script:kept = Read-View "$PSScriptRoot/Views/$Width.txt"
        $script:shown = Read-View $path
    }

    It 'shows <_> as they are kept' -ForEach @(
        'Connections', 'Connections as a list', 'Connections with faults as a list', 'Faults of a connection', 'Faults', 'Jobs', 'UDP jobs', 'UDP summaries', 'UDP summaries as a list', 'UDP peers', 'Replies', 'Replies as a list', 'Replies of bytes', 'Path reports', 'Path reports as a list', 'Attempts to connect'
        'Statistics', 'Statistics as a table', 'Statistics as a list', 'Statistics of UDP', 'Statistics of UDP as a table', 'Statistics of UDP as a list', 'Path MTUs', 'Path MTUs as a list', 'Buckets of a histogram', 'Probes', 'Probes as a list', 'Outages', 'Outages as a list', 'Summaries of a watch', 'Summaries of a watch as a list'
    ) {
        $shown[$_] -join "`n" | Should-BeString ($kept[$_] -join "`n") -CaseSensitive
    }

    It 'shows nothing else' {
        $shown.Keys -join ', ' | Should-BeString ($kept.Keys -join ', ') -CaseSensitive
        $kept.Count | Should-Be 31
    }

    It 'breaks no line' {
        foreach ($view in $shown.Keys) {
            foreach ($line in $shown[$view]) {
                $line.Length | Should-BeLessThan $Width -Because "$view`: $line"
            }
        }
    }

    It 'cuts no name and breaks no word of <_>' -ForEach 'Connections', 'Path reports', 'Statistics as a table', 'Statistics of UDP as a table', 'Path MTUs', 'Probes', 'Outages', 'Summaries of a watch' {
        # A line ends in a whole word, or after a dot, a colon or a hyphen of a name or an address.
        $text = $shown[$_] -join "`n"
        $text | Should-NotMatchString '\u2026'
        $joined = $text -replace '(?<=[.:-])\n +'
        $name = @{
            'Connections'           = '[2001:db8:85a3:8d3:1319:8a2e:370:7348]:65535'
            'Path reports'          = 'a-long-name.of-a-computer.somewhere.in-the-east.example.com.and-of-another-one.example.com'
            'Statistics as a table' = 'a-long-name.of-a-computer.somewhere.in-the-east.example.com'
            'Probes'                = 'a-long-name.of-a-computer.somewhere.in-the-east.example.com'
            'Outages'               = 'a-long-name.of-a-computer.somewhere.in-the-east.example.com'
            'Summaries of a watch'  = 'a-long-name.of-a-computer.somewhere.in-the-east.example.com'
            'Statistics of UDP as a table' = 'a-long-name.of-a-computer.somewhere.in-the-east.example.com'
            'Path MTUs'             = 'a-long-name.of-a-computer.somewhere.in-the-east.example.com'
        }[$_]
        $joined.Contains($name) | Should-BeTrue -Because $joined
    }
}
