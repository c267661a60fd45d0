# What Send-EchoMessage takes for a message. (EmptyMessage.Tests.ps1 has the empty ones.)

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:server = Start-EchoServer -KeepListening -AsJob -Port 0
    $script:port = $server.Port
}

AfterAll { Remove-Job $server -Force }

Describe 'A message' {
    It 'may be a value whose text is all of it' {
        $values = 'text', 7, 1.5, [decimal] 2.5, $true, [char] 'c', [datetime] '2026-01-02', [timespan] '1:02:03', [guid]::Empty, [version] '1.2.3', [DayOfWeek]::Monday, [bigint] 12
        $values | Send-EchoMessage -Port $port |
            Should-BeCollection @('TEXT', '7', '1.5', '2.5', 'TRUE', 'C', '01/02/2026 00:00:00', '01:02:03', "$([guid]::Empty)", '1.2.3', 'MONDAY', '12')
        Send-EchoMessage $values -Port $port | Should-BeCollection -Count 12
    }

    It 'may be the property Message of an object' {
        "Message`nhello" | ConvertFrom-Csv | Send-EchoMessage -Port $port | Should-BeString HELLO -CaseSensitive
        "Message,Author`nhello,me" | ConvertFrom-Csv | Send-EchoMessage -ComputerName $server | Should-BeString HELLO -CaseSensitive
        [exception] 'gone' | Send-EchoMessage -ComputerName $server | Should-BeString GONE -CaseSensitive
        [pscustomobject]@{ Message = 'a', 'b' } | Send-EchoMessage -Port $port | Should-BeCollection @('A', 'B')
        Send-EchoMessage ([pscustomobject]@{ Message = 'c' }), 'd' -Port $port | Should-BeCollection @('C', 'D')
    }

    It 'may be a list, or what a script makes of the input' {
        , @('a', 'b') | Send-EchoMessage -Port $port | Should-BeCollection @('A', 'B')
        1..2 | Send-EchoMessage -Message { "no. $_" } -Port $port | Should-BeCollection @('NO. 1', 'NO. 2')
        Get-Item $PSHOME | Send-EchoMessage -Message { 'item' } -ComputerName 127.0.0.1 -Port { $port } | Should-BeString ITEM -CaseSensitive
    }

    It 'is not <What>' -ForEach @(
        @{ What = 'bytes among text'; Value = { , @('hi', [byte] 104) }; Says = '*Use -InputBytes*' }
        @{ What = 'bytes in a row'; Value = { [pscustomobject]@{ Message = [byte[]] (104, 105) } }; Says = '*Use -InputBytes*' }
        @{ What = 'a row without it'; Value = { "Text`nhi" | ConvertFrom-Csv }; Says = "*the properties Text is no message*the property Message*" }
        @{ What = 'a hashtable'; Value = { @{ Message = 'hi' } }; Says = '*`[pscustomobject`]*' }
        @{ What = 'a file'; Value = { Get-Item $PSHOME }; Says = '*System.IO.DirectoryInfo is no message*the property Message*' }
        @{ What = 'a server job'; Value = { $server }; Says = '*ServerJob is no message*the property Message*' }
        @{ What = 'an address, which names a server'; Value = { [ipaddress] '127.0.0.1' }; Says = '*is no message*' }
        @{ What = 'a URI, which names a server'; Value = { [uri] 'http://127.0.0.1' }; Says = '*is no message*' }
        @{ What = 'an empty cell'; Value = { "Message,Author`n,me" | ConvertFrom-Csv }; Says = '*puts nothing on the wire*' }
        @{ What = 'a property without a value'; Value = { [pscustomobject]@{ Message = $null } }; Says = '*puts nothing on the wire*' }
    ) {
        $received = $server.BytesReceived
        $result = Invoke-Call { $input | Send-EchoMessage -Port $port } (, (& $Value))
        $result.Output.Count | Should-Be 0
        $result.Texts[0] | Should-BeLikeString $Says
        $argument = & $Value
        { Send-EchoMessage $argument -Port $port } | Should-Throw $Says
        $server.BytesReceived | Should-Be $received
    }

    It 'of a row with other columns goes nowhere if neither the row nor the command names the computer: <Columns>' -ForEach @(
        @{ Columns = "Message,Computer`nhi,127.0.0.1" }
        @{ Columns = "Message,Author`nhi,me" }
    ) {
        $rows = ConvertFrom-Csv $Columns
        foreach ($call in { $input | Send-EchoMessage }, { $input | Send-EchoMessage -Port $port }) {
            $result = Invoke-Call $call $rows
            $result.Output.Count | Should-Be 0
            $result.Ids | Should-BeCollection @('ServerNotNamed')
            $result.Texts[0] | Should-BeLikeString '*ComputerName (or HostName,*'
        }
    }
}
