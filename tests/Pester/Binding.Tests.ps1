# What input names a server or a message: values, objects of other commands, rows of CSV files. What does not is refused,
# and a default never stands for it. In the table $port is that of a server at 127.0.0.1.

BeforeDiscovery {
    $script:clients = @(
        @{ Cmdlet = 'Test-EchoServer'; Call = { $input | Test-EchoServer -Detailed } }
        @{ Cmdlet = 'Measure-EchoServer'; Call = { $input | Measure-EchoServer -Count 1 } }
        @{ Cmdlet = 'Enter-EchoSession'; Call = { $input | Enter-EchoSession } }
        @{ Cmdlet = 'Send-EchoMessage'; Call = { $input | Send-EchoMessage } }
        @{ Cmdlet = 'Send-EchoMessage -Message'; Call = { $input | Send-EchoMessage -Message hi } }
    )

    $columns = '*ComputerName (or HostName,*'
    $script:rows = @(
        @{ What = 'a port with a letter'; Row = @{ ComputerName = '127.0.0.1'; Port = '7O07' }; Says = "*'Port'*'7O07' is not a port*" }
        @{ What = 'an empty port'; Row = @{ ComputerName = '127.0.0.1'; Port = '' }; Says = "*'Port'*An empty value is not a port*" }
        @{ What = 'no value for the port'; Row = @{ ComputerName = '127.0.0.1'; Port = $null }; Says = "*'Port'*An empty value is not a port*" }
        @{ What = 'port 0'; Row = @{ ComputerName = '127.0.0.1'; Port = 0 }; Says = "*'Port'*" }
        @{ What = 'a port that is too large'; Row = @{ ComputerName = '127.0.0.1'; Port = '70000' }; Says = "*'Port'*70000*65535*" }
        @{ What = 'a port that is far too large'; Row = @{ ComputerName = '127.0.0.1'; Port = '99999999999' }; Says = "*'Port'*'99999999999' is not a port*" }
        @{ What = 'a fraction as the port'; Row = @{ ComputerName = '127.0.0.1'; Port = { $port + 0.4 } }; Says = "*'Port'*.4 (*) is not a port*" }
        @{ What = 'a hexadecimal port'; Row = @{ ComputerName = '127.0.0.1'; Port = { '0x{0:x}' -f $port } }; Says = "*'Port'*'0x*' is not a port*" }
        @{ What = 'a list of ports'; Row = @{ ComputerName = '127.0.0.1'; Port = { , @($port) } }; Says = "*'Port'*is not a port*" }
        @{ What = 'a port that does not convert, by an alias'; Row = @{ Server = '127.0.0.1'; TcpPort = 'seven' }; Says = "*'Port'*'seven' is not a port*" }
        @{ What = 'no port'; Row = @{ ComputerName = '127.0.0.1'; Owner = 'me' }; Says = '*Port (or RemotePort,*-Port*' }
        @{ What = 'a misspelled port'; Row = @{ ComputerName = '127.0.0.1'; Prt = { $port } }; Says = '*Port (or RemotePort,*-Port*' }

        @{ What = 'an empty name'; Row = @{ ComputerName = ''; Port = { $port } }; Says = "*'ComputerName'*empty*" }
        @{ What = 'a name of spaces'; Row = @{ ComputerName = '  '; Port = { $port } }; Says = "*'ComputerName'*empty*" }
        @{ What = 'no value for the name'; Row = @{ ComputerName = $null; Port = { $port } }; Says = "*'ComputerName'*null*" }
        @{ What = 'an empty list of names'; Row = @{ ComputerName = @(); Port = { $port } }; Says = "*'ComputerName'*" }
        @{ What = 'a number as the name'; Row = @{ ComputerName = 2130706433; Port = { $port } }; Says = "*'ComputerName'*2130706433*$columns" }
        @{ What = 'digits as the name'; Row = @{ ComputerName = '2130706433'; Port = { $port } }; Says = "*'2130706433' is not a name*would take it for 127.0.0.1*" }
        @{ What = 'a shortened address'; Row = @{ ComputerName = '127.1'; Port = { $port } }; Says = "*'127.1' is not a name*would take it for 127.0.0.1*" }
        @{ What = 'an octal address'; Row = @{ ComputerName = '0177.0.0.1'; Port = { $port } }; Says = '*would take it for 127.0.0.1*' }
        @{ What = 'a name with a port'; Row = @{ ComputerName = '127.0.0.1:7'; Port = { $port } }; Says = '*Give the port separately*' }
        @{ What = 'a name with a space'; Row = @{ ComputerName = 'server 1'; Port = { $port } }; Says = "*'server 1' is not a name*" }
        @{ What = 'an object as the name'; Row = @{ ComputerName = [pscustomobject]@{ Name = '127.0.0.1' }; Port = { $port } }; Says = "*'ComputerName'*$columns" }
        @{ What = 'a hashtable as the name'; Row = @{ ComputerName = @{ ComputerName = '127.0.0.1' }; Port = { $port } }; Says = '*`[pscustomobject`]*' }
        @{ What = 'no name'; Row = @{ Port = { $port } }; Says = $columns }
        @{ What = 'a misspelled name'; Row = @{ Computer = '127.0.0.1'; Port = { $port } }; Says = $columns }
    )

    $script:odd = @(
        @{ What = 'a row with other columns'; Object = { [pscustomobject]@{ Name = '127.0.0.1'; Owner = 'me' } }; Says = "*the properties Name, Owner *" }
        @{ What = 'a hashtable'; Object = { @{ ComputerName = '127.0.0.1'; Port = $port; Message = 'hi' } }; Says = '*`[pscustomobject`]*' }
        @{ What = 'an ordered hashtable'; Object = { [ordered]@{ ComputerName = '127.0.0.1'; Port = $port; Message = 'hi' } }; Says = '*`[pscustomobject`]*' }
        @{ What = 'a byte'; Object = { [byte] 7 }; Says = '*' }
        @{ What = 'a missing value of a database'; Object = { [DBNull]::Value }; Says = '*System.DBNull*' }
        @{ What = 'a file'; Object = { Get-Item $PSHOME }; Says = '*System.IO.DirectoryInfo*' }
        @{ What = 'a process'; Object = { Get-Process -Id $PID }; Says = '*System.Diagnostics.Process*' }
        @{ What = 'a type'; Object = { [string] }; Says = '*an object with the propert*' }
        @{ What = 'a script'; Object = { { 'hi' } }; Says = '*System.Management.Automation.ScriptBlock*' }
    )

    $script:refusals = foreach ($client in $clients) {
        foreach ($row in $rows) {
            $client + $row
        }
    }
    $script:oddRefusals = foreach ($client in $clients | Where-Object Cmdlet -NE 'Send-EchoMessage -Message') {
        foreach ($one in $odd) {
            $client + $one
        }
    }
    $script:names = foreach ($client in $clients) {
        foreach ($name in 'ComputerName', 'HostName', 'TargetName', 'cn', 'Address', 'Server', 'IPAddress', 'RemoteAddress', 'DNSHostName', 'Host') {
            $client + @{ Name = $name; PortName = 'Port' }
        }
        $client + @{ Name = 'RemoteAddress'; PortName = 'RemotePort' }
        $client + @{ Name = 'Server'; PortName = 'TcpPort' }
    }
}

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:server = Start-EchoServer -KeepListening -AsJob -Port 0
    $script:port = $server.Port

    function New-Row([hashtable] $Columns) {
        $row = [ordered]@{ Message = 'hi' }
        foreach ($name in $Columns.Keys) {
            if ($Columns[$name] -is [scriptblock]) { $row[$name] = & $Columns[$name] } else { $row[$name] = $Columns[$name] }
        }
        [pscustomobject] $row
    }

    # What a call writes, and the ids and texts of its errors.
    function Invoke-Call([scriptblock] $Call, [object[]] $Objects) {
        $all = . { try { $Objects | & $Call 2>&1 } catch { $_ } }
        $output, $problems = @($all).Where({ $_ -isnot [Management.Automation.ErrorRecord] }, 'Split')
        [pscustomobject]@{
            Output = @($output)
            Ids    = @($problems | ForEach-Object { $_.FullyQualifiedErrorId -replace ',.*' })
            Texts  = @($problems | ForEach-Object { "$_" })
        }
    }
}

AfterAll { Remove-Job $server -Force }

Describe 'Input that names no server, or not all of it' {
    It '<Cmdlet> refuses <What>' -ForEach $refusals {
        $before = $server.TotalConnections
        $result = Invoke-Call $Call (New-Row $Row)
        $result.Output.Count | Should-Be 0
        $result.Texts -join "`n" | Should-BeLikeString $Says
        $result.Ids.Count | Should-Be 1
        $result.Ids[0] -in 'ParameterArgumentTransformationError', 'ParameterArgumentValidationError', 'ServerNotNamed' | Should-BeTrue
        $server.TotalConnections | Should-Be $before
    }

    It '<Cmdlet> refuses <What>' -ForEach $oddRefusals {
        $result = Invoke-Call $Call (, (& $Object))
        $result.Output.Count | Should-Be 0
        $result.Ids | Should-BeCollection @('ParameterArgumentTransformationError')
        $result.Texts[0] | Should-BeLikeString $Says
    }
}

Describe 'Input that names a server' {
    # Nothing listens there: a session would wait for the keyboard.
    It '<Cmdlet> takes its columns <Name> and <PortName>' -ForEach $names {
        $result = Invoke-Call $Call (New-Row @{ $Name = 'localhost'; $PortName = ' 1'; Owner = 'me' })
        if ($Cmdlet -eq 'Test-EchoServer') {
            "$($result.Output.ComputerName) $($result.Output.Port)" | Should-BeString 'localhost 1'
        }
        else {
            $result.Ids | Should-BeCollection @('ConnectionRefused')
            $result.Texts[0] | Should-MatchString 'localhost:1\b'
        }
    }

    It 'may be <What>' -ForEach @(
        @{ What = 'a name'; Objects = { ' localhost ' } }
        @{ What = 'names'; Objects = { 'localhost', '127.0.0.1' } }
        @{ What = 'an address'; Objects = { [ipaddress] '127.0.0.1' } }
        @{ What = 'an address after remoting'; Objects = { Copy-BySerialization ([ipaddress] '127.0.0.1') } }
        @{ What = 'an object without a port'; Objects = { [pscustomobject]@{ Server = '127.0.0.1'; Owner = 'me' } } }
    ) {
        $objects = @(& $Objects)
        $reports = @($objects | Test-EchoServer -Port $port -Detailed)
        $reports.Count | Should-Be $objects.Count
        $reports.Success | Should-All { $_ }
        ($objects | Measure-EchoServer -Port $port -Count 1).Received | Should-All { $_ -eq 1 }
        { $objects | Enter-EchoSession -Port 1 } | Should-Throw -FullyQualifiedErrorId 'ConnectionRefused,*'
    }

    It 'may be <What>, with its port' -ForEach @(
        @{ What = 'a server job'; Objects = { $server } }
        @{ What = 'an endpoint'; Objects = { [Net.IPEndPoint]::new([ipaddress]::Loopback, $port) } }
        @{ What = 'a URI'; Objects = { [uri] "tcp://127.0.0.1:$port" } }
        @{ What = 'a report'; Objects = { Test-EchoServer 127.0.0.1 $port -Detailed } }
        @{ What = 'an element of XML'; Objects = { ([xml] "<servers><one ComputerName='127.0.0.1' Port='$port' /></servers>").servers.one } }
        @{ What = 'a row with several names'; Objects = { [pscustomobject]@{ ComputerName = '127.0.0.1', 'localhost'; Port = $port } } }
        @{ What = 'a row of JSON'; Objects = { "{ ""host"": ""localhost"", ""port"": $port.0 }" | ConvertFrom-Json } }
    ) {
        $objects = & $Objects
        $reports = @($objects | Test-EchoServer -Detailed)
        $reports.Success | Should-All { $_ }
        $reports.Port | Should-All { $_ -eq $port }
        if ($What -ne 'a row with several names') {
            $objects | Send-EchoMessage -Message hi | Should-BeString HI -CaseSensitive
        }
    }

    It 'counts for its own object only' {
        $rows = "Server,Port`n127.0.0.1,$port", "Server,Prt`n127.0.0.1,$port", "Server,Port`n127.0.0.1,$port" | ForEach-Object { $_ | ConvertFrom-Csv }
        foreach ($call in { $input | Test-EchoServer }, { $input | Send-EchoMessage -Message hi }, { $input | Measure-EchoServer -Count 1 }) {
            $result = Invoke-Call $call $rows
            $result.Output.Count | Should-Be 2
            $result.Ids | Should-BeCollection @('ServerNotNamed')
        }
    }

    It 'does not override the command' {
        $row = [pscustomobject]@{ ComputerName = 'no-such-host.invalid'; Port = 1; Message = 'hi' }
        $row | Send-EchoMessage -ComputerName 127.0.0.1 -Port $port | Should-BeString HI -CaseSensitive
        $row.ComputerName = '127.0.0.1'
        $row | Test-EchoServer -Port $port | Should-BeTrue
    }

    It 'is refused without its port, whatever type it has: <Type>' -ForEach @(
        @{ Type = 'a row of a database'; Object = { $table = [Data.DataTable]::new(); $null = $table.Columns.Add('ComputerName'), $table.Columns.Add('Prt'); $table.Rows.Add('127.0.0.1', $port) } }
        @{ Type = 'an element of XML'; Object = { ([xml] "<servers><one ComputerName='127.0.0.1' Prt='$port' /></servers>").servers.one } }
        @{ Type = 'a .NET object'; Object = { [Net.IPHostEntry]@{ HostName = '127.0.0.1' } } }
    ) {
        $object = & $Object
        foreach ($call in { $input | Test-EchoServer }, { $input | Measure-EchoServer }, { $input | Enter-EchoSession }, { $input | Send-EchoMessage -Message hi }) {
            $result = Invoke-Call $call $object
            $result.Output.Count | Should-Be 0
            $result.Ids | Should-BeCollection @('ServerNotNamed')
        }
        $object | Test-EchoServer -Port $port | Should-BeTrue
    }

    It 'is refused as an argument where that would lose its port' {
        $row = [pscustomobject]@{ Message = 'hi'; ComputerName = '127.0.0.1'; Port = $port }
        foreach ($call in { Test-EchoServer $row }, { Measure-EchoServer $row }, { Enter-EchoSession $row }, { Send-EchoMessage hi $row }, { Send-EchoMessage $row }) {
            $result = Invoke-Call $call
            $result.Output.Count | Should-Be 0
            $result.Ids | Should-BeCollection @('ServerNotNamed')
            $result.Texts[0] | Should-MatchString 'through the pipeline'
        }
        Test-EchoServer $row $port | Should-BeTrue
    }
}

Describe 'An argument that names no server' {
    It 'is refused by <Cmdlet>: <What>' -ForEach $(
        foreach ($call in @(
                @{ Cmdlet = 'Test-EchoServer'; Call = { Test-EchoServer $argument $port } }
                @{ Cmdlet = 'Measure-EchoServer'; Call = { Measure-EchoServer $argument $port } }
                @{ Cmdlet = 'Send-EchoMessage'; Call = { Send-EchoMessage hi $argument $port } }
                @{ Cmdlet = 'Enter-EchoSession'; Call = { Enter-EchoSession $argument $port } })) {
            $call + @{ What = 'a name with a port'; Value = 'localhost:80'; Says = "*'localhost:80' is not a name or an IP address. Give the port separately.*" }
            $call + @{ What = 'a URL'; Value = 'tcp://localhost'; Says = '*Give the port separately.*' }
            $call + @{ What = 'a port'; Value = 7007; Says = '*7007 (System.Int32) names no computer*' }
            $call + @{ What = 'a port as text'; Value = '7007'; Says = '*would take it for 0.0.27.95*' }
            $call + @{ What = 'a name and a port'; Value = @('localhost', 7007); Says = '*7007 (System.Int32) names no computer*' }
            $call + @{ What = 'a hashtable'; Value = @{ ComputerName = '127.0.0.1' }; Says = '*`[pscustomobject`]*' }
            $call + @{ What = 'a row'; Value = [pscustomobject]@{ Name = '127.0.0.1' }; Says = "*the properties Name names no computer*ComputerName (or HostName,*" }
            $call + @{ What = 'nothing'; Value = $null; Says = "*'ComputerName'*null*" }
            $call + @{ What = 'an empty list'; Value = @(); Says = "*'ComputerName'*empty*" }
        }
    ) {
        $argument = $Value
        $problem = $Call | Should-Throw $Says
        $problem.CategoryInfo.Category | Should-Be 'InvalidData'
    }

    It 'is refused by <Cmdlet>, if it takes one server only: a list' -ForEach @(
        @{ Cmdlet = 'Send-EchoMessage'; Call = { Send-EchoMessage hi localhost, 127.0.0.1 $port } }
        @{ Cmdlet = 'Enter-EchoSession'; Call = { Enter-EchoSession localhost, 127.0.0.1 $port } }
    ) {
        $Call | Should-Throw '*Give one computer*'
    }

    It 'is refused if it is a list that contains itself' {
        $list = [Collections.ArrayList]::new()
        $null = $list.Add($list)
        { Test-EchoServer $list } | Should-Throw '*System.Collections.ArrayList names no computer*'
    }
}

Describe 'A port as an argument' {
    It '<Cmdlet> refuses <Port>' -ForEach $(
        foreach ($call in @(
                @{ Cmdlet = 'Test-EchoServer'; Call = { Test-EchoServer 127.0.0.1 $argument } }
                @{ Cmdlet = 'Measure-EchoServer'; Call = { Measure-EchoServer 127.0.0.1 $argument } }
                @{ Cmdlet = 'Send-EchoMessage'; Call = { Send-EchoMessage hi 127.0.0.1 $argument } }
                @{ Cmdlet = 'Enter-EchoSession'; Call = { Enter-EchoSession 127.0.0.1 $argument } }
                @{ Cmdlet = 'Start-EchoServer'; Call = { Start-EchoServer $argument -AsJob } })) {
            foreach ($value in '7O07', '', ' ', '+7', '7.0', '7,007', '1kb', '0x50', 7.5, [double]::NaN, 1e300, [long]::MaxValue, $true, [char] '7', $null, @(), @(7, 8), -1, 65536) {
                $call + @{ Port = "$value" + $(if ($null -ne $value) { " ($($value.GetType()))" }); Value = $value }
            }
        }
    ) {
        $argument = $Value
        $Call | Should-Throw "*'Port'*"
    }

    It 'may be any whole number, or its digits' {
        foreach ($value in $port, [uint16] $port, [long] $port, [double] $port, [decimal] $port, "$port", " $port ") {
            Test-EchoServer 127.0.0.1 $value | Should-BeTrue
        }
    }
}

Describe 'Positions' {
    It 'are alike in all cmdlets' {
        Test-EchoServer localhost $port | Should-BeTrue
        (Measure-EchoServer localhost $port -Count 1).Received | Should-Be 1
        Send-EchoMessage hi localhost $port | Should-BeString HI -CaseSensitive
        { Enter-EchoSession localhost 1 } | Should-Throw '*:1*' 'ConnectionRefused,*'
        $free = Start-EchoServer 0 -AsJob
        Stop-Job $free
        (Start-EchoServer $free.Port -AsJob).Port | Should-Be $free.Port
        Get-Job | Where-Object Id -NE $server.Id | Remove-Job -Force
    }
}

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
        @{ What = 'a byte'; Value = { [byte] 104 }; Says = '*Decode bytes*UTF8.GetString*' }
        @{ What = 'bytes'; Value = { , [byte[]] (104, 105) }; Says = '*Decode bytes*UTF8.GetString*' }
        @{ What = 'a list of bytes'; Value = { , [Collections.Generic.List[byte]] [byte[]] (104, 105) }; Says = '*Decode bytes*' }
        @{ What = 'bytes among text'; Value = { , @('hi', [byte] 104) }; Says = '*Decode bytes*' }
        @{ What = 'bytes in a row'; Value = { [pscustomobject]@{ Message = [byte[]] (104, 105) } }; Says = '*Decode bytes*' }
        @{ What = 'a row without it'; Value = { "Text`nhi" | ConvertFrom-Csv }; Says = "*the properties Text is no message*the property Message*" }
        @{ What = 'a hashtable'; Value = { @{ Message = 'hi' } }; Says = '*`[pscustomobject`]*' }
        @{ What = 'a file'; Value = { Get-Item $PSHOME }; Says = '*System.IO.DirectoryInfo is no message*the property Message*' }
        @{ What = 'a server job'; Value = { $server }; Says = '*EchoServerJob is no message*the property Message*' }
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
