# Measure-EchoServer -SvgPath: a path that can't be written is refused before anything is opened; a picture that can be is written.

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:server = Start-EchoServer -KeepListening -AsJob -Port 0

    function Get-PictureText([string] $Path) {
        ([xml](Get-Content $Path -Raw)).svg.text.'#text'
    }

    # The servers in a picture's legend.
    function Get-Target([string] $Path) {
        (Get-PictureText $Path) -match '^[\w.]+:\d+$'
    }
}

AfterAll {
    Remove-Job $server -Force
}

Describe 'A path for a picture' {
    BeforeEach {
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid()))
        Push-Location $folder.FullName
    }
    AfterEach { Pop-Location }

    It 'is refused before anything is opened: <Reason>' -ForEach @(
        @{ Reason = 'NUL'; Path = "a$([char]0)b.svg"; Shown = 'a\0b.svg' }
        @{ Reason = 'over-long name'; Path = 'x' * 300 + '.svg'; Shown = 'x' * 300 + '.svg' }
        @{ Reason = 'over-long path'; Path = 'x/' * 4000 + 'a.svg'; Shown = 'x/x/' }
        @{ Reason = 'no such folder'; Path = 'missing/a.svg'; Shown = 'missing/a.svg' }
        @{ Reason = 'a folder'; Path = '.'; Shown = "'.'" }
        @{ Reason = 'no such drive'; Path = 'nodrive:/a.svg'; Shown = 'nodrive:/a.svg' }
        @{ Reason = 'not a file system'; Path = 'Env:/a.svg'; Shown = 'Env:/a.svg' }
    ) {
        $before = $server.TotalConnections
        $problem = try { $server | Measure-EchoServer -Count 1 -SvgPath $Path } catch { $_ }
        $problem.FullyQualifiedErrorId | Should-BeString -CaseSensitive 'SvgPathNotValid,EchoSocket.Commands.MeasureEchoServerCommand'
        $problem.CategoryInfo.Category | Should-Be InvalidArgument
        $problem.TargetObject | Should-BeString -CaseSensitive $Path
        $problem.Exception.Message | Should-BeLikeString "*$([Management.Automation.WildcardPattern]::Escape($Shown))*"
        $problem.Exception.Message | Should-BeLikeString '*Give -SvgPath the path of a file that you may write, in a folder that exists.'
        $problem.Exception.Message | Should-NotMatchString '[\x00-\x1F]'
        $server.TotalConnections | Should-Be $before
        @(Get-ChildItem).Count | Should-Be 0
    }

    It 'is refused where the file may not be written' {
        Set-Content old.svg old -NoNewline
        $stream = if ($onWindows) { [IO.File]::Open("$folder/old.svg", 'Open', 'Read', 'Read') } else { $null }
        $path = if ($stream) { 'old.svg' } else { '/proc/latency.svg' }
        try {
            { $server | Measure-EchoServer -Count 1 -SvgPath $path } | Should-Throw -FullyQualifiedErrorId 'SvgPathNotValid,*'
        }
        finally {
            if ($stream) { $stream.Dispose() }
        }
    }

    It 'leaves an existing file as it is, and makes none, where nothing is measured' {
        Set-Content old.svg old -NoNewline
        $time = (Get-Item old.svg).LastWriteTimeUtc
        foreach ($file in 'old.svg', 'new.svg') {
            @() | Measure-EchoServer -SvgPath $file
            { $server | Measure-EchoServer -SvgPath $file -Count 1 -Rate -1 } | Should-Throw
        }

        Get-Content old.svg | Should-BeString -CaseSensitive 'old'
        (Get-Item old.svg).LastWriteTimeUtc | Should-Be $time
        Test-Path new.svg | Should-BeFalse
    }

    It 'of a file that exists is refused with -NoClobber, before anything is opened' {
        Set-Content old.svg old -NoNewline
        $before = $server.TotalConnections
        $problem = { $server | Measure-EchoServer -Count 1 -SvgPath old.svg -NoClobber } | Should-Throw '*old.svg*Omit -NoClobber*' 'SvgExists,*'
        $problem.CategoryInfo.Category | Should-Be ResourceExists
        $problem.TargetObject | Should-BeString 'old.svg'
        $server.TotalConnections | Should-Be $before
        Get-Content old.svg | Should-BeString -CaseSensitive 'old'

        $null = $server | Measure-EchoServer -Count 1 -SvgPath new.svg -NoClobber
        Get-Target new.svg | Should-BeCollection -Count 1
    }

    It 'is not overwritten with -NoClobber if the file has come meanwhile' {
        $server | Measure-EchoServer -Count 1 -SvgPath later.svg -NoClobber -ErrorVariable problems -ErrorAction SilentlyContinue |
            ForEach-Object { Set-Content later.svg other -NoNewline }
        $problems.FullyQualifiedErrorId | Should-Be 'SvgNotWritten,EchoSocket.Commands.MeasureEchoServerCommand'
        Get-Content later.svg | Should-BeString -CaseSensitive 'other'
    }

    It 'is not touched with -WhatIf, and the measurement runs' {
        Set-Content old.svg old -NoNewline
        foreach ($file in 'old.svg', 'new.svg') {
            ($server | Measure-EchoServer -Count 5 -SvgPath $file -WhatIf).Received | Should-Be 5
        }
        Get-Content old.svg | Should-BeString -CaseSensitive 'old'
        Test-Path new.svg | Should-BeFalse
    }

    It 'is what <Parameter> needs' -ForEach @{ Parameter = 'SvgTitle'; Value = 'x' }, @{ Parameter = 'NoClobber'; Value = $true } {
        $parameters = @{ $Parameter = $Value }
        { Measure-EchoServer -Count 1 @parameters } | Should-Throw "*-$Parameter*add -SvgPath*" 'ParameterRequired,*'
    }

    It 'may still be given with -AsSvg' {
        $null = $server | Measure-EchoServer -Count 1 -AsSvg old-name.svg
        Get-Target old-name.svg | Should-BeCollection -Count 1
    }
}

Describe 'A picture' {
    BeforeEach {
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid()))
        Push-Location $folder.FullName
        $script:down = [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = 1 }
    }
    AfterEach { Pop-Location }

    It 'replaces the whole of an older one' {
        Set-Content latency.svg ('x' * 100000)
        $null = $server | Measure-EchoServer -Count 5 -SvgPath latency.svg
        Get-Target latency.svg | Should-Be "127.0.0.1:$($server.Port)"
    }

    It 'has the count, the load and the date of each measurement, and the title that is asked for' {
        $from = [datetime]::UtcNow.AddSeconds(-1)
        $null = $server | Measure-EchoServer -Count 7 -Connections 2 -InFlight 3 -Rate 1000 -SvgPath latency.svg -SvgTitle 'Before <the> change'
        $text = Get-PictureText latency.svg
        $text | Where-Object { $_ -eq 'Before <the> change' } | Should-BeCollection -Count 1
        $load = $text -match '^7 messages of 32 bytes, 2 connections, 3 in flight on each, open loop at 1,000/s, .* UTC$'
        $date = [datetime]::ParseExact(($load -replace '^.*, (.*) UTC$', '$1'), 'yyyy-MM-dd HH:mm:ss', [cultureinfo]::InvariantCulture)
        $date | Should-BeGreaterThanOrEqual $from.AddSeconds(-1)
        $date | Should-BeLessThanOrEqual ([datetime]::UtcNow)
    }

    It 'says what failed, and has no axis where nothing came back' {
        Set-Content latency.svg older
        $null = $down | Measure-EchoServer -SvgPath latency.svg -ErrorAction SilentlyContinue
        $text = Get-PictureText latency.svg
        $text -contains 'no reply' | Should-BeTrue
        $text -contains '1 connection failed: ConnectionRefused 1' | Should-BeTrue
        @($text -cmatch '^[\d.]+ (%|.?s)$|^Percentile$').Count | Should-Be 0
    }

    It 'names a server without a reply next to one with replies' {
        $null = $server, $down | Measure-EchoServer -Count 5 -SvgPath latency.svg -ErrorAction SilentlyContinue
        (Get-Target latency.svg) -join ' ' | Should-BeString "127.0.0.1:$($server.Port) 127.0.0.1:1"
    }

    It 'is written where Select-Object ends the pipeline early' {
        $server, $server | Measure-EchoServer -Count 5 -SvgPath latency.svg | Select-Object -First 1 | Should-BeCollection -Count 1
        Get-Target latency.svg | Should-BeCollection -Count 1
    }

    It 'is written where an error ends the pipeline' {
        { $server, $down, $server | Measure-EchoServer -Count 5 -SvgPath latency.svg -ErrorAction Stop } | Should-Throw -FullyQualifiedErrorId 'ConnectionRefused,*'
        (Get-Target latency.svg) -join ' ' | Should-BeString "127.0.0.1:$($server.Port) 127.0.0.1:1"
    }

    It 'is written where a command downstream throws' {
        { $server | Measure-EchoServer -Count 5 -SvgPath latency.svg | ForEach-Object { throw 'enough' } } | Should-Throw enough
        Get-Target latency.svg | Should-BeCollection -Count 1
    }

    It 'is written, with what was measured so far, on Ctrl+C' {
        $state = [initialsessionstate]::CreateDefault()
        $state.ImportPSModule((Get-Module EchoSocket).Path)
        $shell = [powershell]::Create($state).AddCommand('Measure-EchoServer').AddParameters(@{
            Port = $server.Port; DurationSeconds = 1000; SvgPath = "$folder/latency.svg"
        })
        try {
            $before = $server.BytesReceived
            $running = $shell.BeginInvoke()
            Wait-Until { $server.BytesReceived -gt $before + 10000 -or $running.IsCompleted }
        }
        finally {
            $shell.Stop()
            $shell.Dispose()
        }

        Get-Target latency.svg | Should-Be "127.0.0.1:$($server.Port)"
    }

    It 'that can not be written in the end is an error' {
        $null = New-Item -ItemType Directory later
        $problems = $null
        $server, $server | Measure-EchoServer -Count 5 -SvgPath later/latency.svg -ErrorAction SilentlyContinue -ErrorVariable problems |
            ForEach-Object { if (Test-Path later) { Remove-Item later -Recurse } }
        $problems.FullyQualifiedErrorId | Should-Be 'SvgNotWritten,EchoSocket.Commands.MeasureEchoServerCommand'
    }
}
