# What results look like: the terminal interprets nothing that a peer sends, tables fit the screen, and times are readable.

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"

    function Get-ShownLine($Formatted, [int] $Width = 80) {
        ($Formatted | Out-String -Width $Width) -split '\r?\n' | ForEach-Object TrimEnd
    }
}

Describe 'Text from a peer' {
    BeforeAll {
        # An escape sequence, NUL, BEL, a C1 control, DEL, a bidi control, a line separator and a paragraph separator.
        $script:evil = -join [char[]](0x41, 0x1B, 0x5B, 0x41, 0, 7, 0x9B, 0x7F, 0x202E, 0x2028, 0x2029, 0x5C)
        $script:shown = 'A\u001B[A\0\a\u009B\u007F\u202E\u2028\u2029\\'

        function Get-Evil([string] $Type) {
            switch ($Type) {
                EchoReply { [EchoSocket.EchoReply]@{ Message = $evil; Reply = $evil } }
                EchoConnection { [EchoSocket.EchoConnection][EchoSocket.ConnectionResult]@{ Detail = $evil; RemoteEndPoint = '127.0.0.1:2' } }
                EchoPathReport { [EchoSocket.EchoPathReport][EchoSocket.PathReport]@{ ComputerName = $evil; Reason = $evil } }
                EchoConnectAttempt { [EchoSocket.EchoConnectAttempt]::new('127.0.0.1:2', 0, $evil) }
                EchoStatistics { [EchoSocket.EchoStatistics][EchoSocket.MeterResult]@{ ComputerName = $evil; Detail = $evil } }
            }
        }
    }

    It 'is escaped by <View> of <Type>, and kept in the object' -ForEach @(
        @{ Type = 'EchoReply'; View = 'the default view'; Format = { $_ }; Times = 2 }
        @{ Type = 'EchoReply'; View = 'the list'; Format = { $_ | Format-List }; Times = 2 }
        @{ Type = 'EchoConnection'; View = 'the default view'; Format = { $_ }; Times = 1 }
        @{ Type = 'EchoPathReport'; View = 'the default view'; Format = { $_ }; Times = 2 }
        @{ Type = 'EchoConnectAttempt'; View = 'the default view'; Format = { $_ }; Times = 1 }
        @{ Type = 'EchoStatistics'; View = 'the default view'; Format = { $_ }; Times = 2 }
        @{ Type = 'EchoStatistics'; View = 'the table'; Format = { $_ | Format-Table }; Times = 1 }
    ) {
        $object = Get-Evil $Type
        foreach ($copy in $object, (Copy-BySerialization $object)) {
            $text = $copy | ForEach-Object $Format | Out-String -Width 250
            $text | Should-NotMatchString '[\x00-\x09\x0B\x0C\x0E-\x1F\x7F-\x9F\u202E\u2028\u2029]'
            # Its last character, a backslash, is doubled, except in sentences of the module, which quote text that is already escaped.
            [regex]::Matches($text, [regex]::Escape($shown.Substring(0, $shown.Length - 1))).Count | Should-Be $Times
        }

        ($object.PSObject.Properties.Value -ceq $evil).Count | Should-BeGreaterThan 0
    }

    It 'is escaped so that nothing else changes: <Text>' -ForEach @(
        @{ Text = 'letters, digits, a combining accent'; In = [char[]](0x61, 0x31, 0x65, 0x301); Out = "a1e$([char]0x301)" }
        @{ Text = 'an emoji'; In = [char[]](0xD83D, 0xDE00); Out = -join [char[]](0xD83D, 0xDE00) }
        @{ Text = 'an invisible tag character'; In = [char[]](0xDB40, 0xDC41); Out = '\U000E0041' }
        @{ Text = 'half of a surrogate pair'; In = [char[]](0x61, 0xD83D); Out = 'a\uD83D' }
        @{ Text = 'line ends and tabs'; In = [char[]](13, 10, 9, 8); Out = '\r\n\t\b' }
        @{ Text = 'what looks like an escape'; In = [char[]]'\u001B'; Out = '\\u001B' }
        @{ Text = 'nothing'; In = [char[]]@(); Out = '' }
    ) {
        [EchoSocket.TerminalText]::Escape(-join $In) | Should-BeString -CaseSensitive $Out
    }

    It 'is not escaped twice where a sentence quotes it' {
        $report = [EchoSocket.EchoPathReport][EchoSocket.PathReport]@{ ComputerName = 'a'; FailedStage = 'Echo'; Reason = 'it sent "\r\n\\"' }
        Get-ShownLine $report 120 | Where-Object { $_.EndsWith('Echo: it sent "\r\n\\"') } | Should-BeCollection -Count 1
    }

    It 'is escaped in the table of jobs' {
        $job = Start-EchoServer -AsJob -Port 0 -Name $evil
        try {
            $cell = Get-ShownLine $job | Select-Object -Skip 3 | ForEach-Object { $_.PadRight(30).Substring(4, 25).Trim() }
            $cell -join '' | Should-BeString -CaseSensitive $shown
            $job.Name | Should-BeString -CaseSensitive $evil
        }
        finally {
            Remove-Job $job -Force
        }
    }
}

Describe 'A table' {
    BeforeAll {
        $script:name = 'a-long-name.of-a-computer.somewhere.example.com'
        $script:reason = 'answered something else; the first wrong byte is at offset 12 of 64'
        $script:report = [EchoSocket.EchoPathReport][EchoSocket.PathReport]@{ ComputerName = $name; Port = 65535; FailedStage = 'Echo'; Reason = $reason; ConnectTime = [timespan]12345 }
        $errors = New-Object 'Collections.Generic.Dictionary[string,long]'
        $errors['ConnectionReset'] = 2
        $errors['OperationTimeout'] = 3
        $script:statistics = [EchoSocket.EchoStatistics][EchoSocket.MeterResult]@{
            ComputerName = $name; Port = 65535; Sent = 1234567; Received = 1234567; Lost = 1234; Errors = $errors; MessagesPerSecond = 1234567
            P50 = [timespan]286; P99 = [timespan]12500; Maximum = [timespan]32000000
        }
        $script:detail = 'The server was stopped before 1,234,567 bytes could be answered.'
        $script:connection = [EchoSocket.EchoConnection][EchoSocket.ConnectionResult]@{
            RemoteEndPoint = '[2001:db8:85a3:8d3:1319:8a2e:370:7348]:65535'; Duration = [timespan]::FromSeconds(3.2)
            BytesReceived = 1234567890123; BytesSent = 1234567890123; EndReason = 'IdleTimeout'; Detail = $detail
        }
        $script:reply = [EchoSocket.EchoReply]@{
            Message = 'a message'; Reply = 'A MESSAGE'; ByteCount = 9; RoundTripMilliseconds = 0.0286; RemoteEndPoint = '192.168.100.100:65535'
        }

        # A column's cell, its lines put together.
        function Get-Cell([string[]] $Lines, [string] $Label, [string] $Joint = '') {
            $start = $Lines[1].IndexOf($Label)
            $length = if ($Lines[1].Substring($start) -match "^$Label +(?=\S)") { $Matches[0].Length } else { 1000 }
            $parts = $Lines | Select-Object -Skip 3 | Where-Object Length -GT $start |
                ForEach-Object { $_.Substring($start, [math]::Min($length, $_.Length - $start)).Trim() }
            ($parts | Where-Object { $_ }) -join $Joint
        }
    }

    It 'of a path has the whole name and the reason, at words, in <Width> columns' -ForEach @{ Width = 80 }, @{ Width = 120 } {
        $lines = Get-ShownLine $report $Width
        ($lines | Measure-Object Length -Maximum).Maximum | Should-BeLessThanOrEqual $Width
        Get-Cell $lines ComputerName -Joint ' ' | Should-BeString -CaseSensitive "$name Echo: $reason"
    }

    It 'of statistics has every figure and the whole name in <Width> columns' -ForEach @{ Width = 80 }, @{ Width = 120 } {
        $lines = Get-ShownLine ($statistics | Format-Table) $Width
        ($lines | Measure-Object Length -Maximum).Maximum | Should-BeLessThanOrEqual $Width
        foreach ($figure in '1234567', '1234', '5', '1.23M', '28.6 .s', '1.25 ms', '3.20 s', '65535') {
            $lines[3] | Should-MatchString "(^| )$figure( |$)"
        }
        Get-Cell $lines ComputerName | Should-BeString -CaseSensitive $name
    }

    It 'of connections has the endpoint, and the detail at words, in <Width> columns' -ForEach @{ Width = 80 }, @{ Width = 120 } {
        $lines = Get-ShownLine $connection $Width
        ($lines | Measure-Object Length -Maximum).Maximum | Should-BeLessThanOrEqual $Width
        $lines[3] | Should-MatchString '^IdleTimeout +3\.20 s 1234567890123 1234567890123 \[2001:db8:'
        (Get-Cell $lines RemoteEndPoint).StartsWith($connection.RemoteEndPoint) | Should-BeTrue
        (Get-Cell $lines RemoteEndPoint -Joint ' ').EndsWith(" $detail") | Should-BeTrue
    }

    It 'of statistics shows a server that refused as one' {
        $refused = New-Object 'Collections.Generic.Dictionary[string,long]'
        $refused['ConnectionRefused'] = 1
        $lines = Get-ShownLine ([EchoSocket.EchoStatistics][EchoSocket.MeterResult]@{ ComputerName = 'host'; Port = 7; Errors = $refused } | Format-Table)
        $lines[1], $lines[3] -replace ' +', ' ' | Should-BeCollection @('Received Lost Failed Msgs/s P50 P99 Maximum Port ComputerName', ' 0 - 1 - - - - 7 host')
    }

    It 'of replies cuts no IPv4 endpoint in 80 columns' {
        (Get-ShownLine $reply)[3] | Should-MatchString '^ +28\.6 .s a message +A MESSAGE +192\.168\.100\.100:65535$'
    }

    It 'of jobs cuts no name in 80 columns' {
        $job = Start-EchoServer -AsJob -Port 0 -Name 'a-name-of-25-characters..'
        try {
            (Get-ShownLine $job)[3] | Should-MatchString "a-name-of-25-characters\.\. .* $([regex]::Escape($job.LocalEndPoint))$"
        }
        finally {
            Remove-Job $job -Force
        }
    }

    It 'is written row by row, as the results come' {
        foreach ($object in $connection, $report, $reply, $statistics) {
            $seen = New-Object Collections.Generic.List[string]
            & { $object; $seen.Add('the next'); $object } | Format-Table | Out-String -Stream -Width 80 | ForEach-Object { $seen.Add($_) }
            ($seen -match '^ *-+ ').Count | Should-Be 1
            $seen.IndexOf('the next') | Should-BeGreaterThan $seen.IndexOf(($seen -match '^ *-+ ')[0])
        }
    }
}

Describe 'A time' {
    It '<Ticks> ticks reads <Text>' -ForEach @(
        @{ Ticks = 0; Text = '0.00 .s' }
        @{ Ticks = 286; Text = '28.6 .s' }
        @{ Ticks = 9999; Text = '1.00 ms' }
        @{ Ticks = 12500; Text = '1.25 ms' }
        @{ Ticks = 9999999; Text = '1.00 s' }
        @{ Ticks = 32000000; Text = '3.20 s' }
        @{ Ticks = 599990000; Text = '1.00 min' }
        @{ Ticks = 750000000; Text = '1.25 min' }
        @{ Ticks = 35999999999; Text = '1.00 h' }
        @{ Ticks = 900610010000; Text = '25.0 h' }
    ) {
        [EchoSocket.StatisticsText]::Time([timespan]$Ticks) | Should-MatchString "^$Text$"
        (Get-ShownLine ([EchoSocket.EchoConnection][EchoSocket.ConnectionResult]@{ Duration = [timespan]$Ticks }))[3] | Should-MatchString " $Text "
    }
}
