# What input objects name a server: values, objects of other commands, rows of CSV files. What does not is refused, and a
# default never stands for it. In the tables $port is that of a server at 127.0.0.1.

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
        @{ What = 'a list that is not all ports'; Row = @{ ComputerName = '127.0.0.1'; Port = { , @($port, '7,007') } }; Says = "*'Port'*is not a port*" }
        @{ What = 'a port that does not convert, by an alias'; Row = @{ Server = '127.0.0.1'; TcpPort = 'seven' }; Says = "*'Port'*'seven' is not a port*" }
        @{ What = 'no port'; Row = @{ ComputerName = '127.0.0.1'; Owner = 'me' }; Says = '*Port (or RemotePort,*-Port*' }
        @{ What = 'a misspelled port'; Row = @{ ComputerName = '127.0.0.1'; Prt = { $port } }; Says = '*Port (or RemotePort,*-Port*' }

        @{ What = 'an empty name'; Row = @{ ComputerName = ''; Port = { $port } }; Says = "*'ComputerName'*An empty value names no computer*" }
        @{ What = 'a name of spaces'; Row = @{ ComputerName = '  '; Port = { $port } }; Says = "*'ComputerName'*An empty value names no computer*" }
        @{ What = 'no value for the name'; Row = @{ ComputerName = $null; Port = { $port } }; Says = "*'ComputerName'*null*" }
        @{ What = 'an empty list of names'; Row = @{ ComputerName = @(); Port = { $port } }; Says = "*'ComputerName'*" }
        @{ What = 'a number as the name'; Row = @{ ComputerName = 2130706433; Port = { $port } }; Says = "*'ComputerName'*2130706433*$columns" }
        @{ What = 'digits as the name'; Row = @{ ComputerName = '2130706433'; Port = { $port } }; Says = "*'2130706433' is not a name*would take it for 127.0.0.1*" }
        @{ What = 'a shortened address'; Row = @{ ComputerName = '127.1'; Port = { $port } }; Says = "*'127.1' is not a name*would take it for 127.0.0.1*" }
        @{ What = 'an octal address'; Row = @{ ComputerName = '0177.0.0.1'; Port = { $port } }; Says = '*would take it for 127.0.0.1*' }
        @{ What = 'a name with a port'; Row = @{ ComputerName = '127.0.0.1:7'; Port = { $port } }; Says = '*Give the port separately*' }
        @{ What = 'a name with a space'; Row = @{ ComputerName = 'server 1'; Port = { $port } }; Says = "*'server 1' is not a name*" }
        @{ What = 'a name with an escape sequence'; Row = @{ ComputerName = "a$([char] 27)[2Jb"; Port = { $port } }; Says = "*'a\u001B``[2Jb' is not a name*" }
        @{ What = 'a port with an escape sequence'; Row = @{ ComputerName = '127.0.0.1'; Port = "7$([char] 27)[2J" }; Says = "*'7\u001B``[2J' is not a port*" }
        @{ What = 'an object as the name'; Row = @{ ComputerName = [pscustomobject]@{ Name = '127.0.0.1' }; Port = { $port } }; Says = "*'ComputerName'*$columns" }
        @{ What = 'a hashtable as the name'; Row = @{ ComputerName = @{ ComputerName = '127.0.0.1' }; Port = { $port } }; Says = '*`[pscustomobject`]*' }
        @{ What = 'no name'; Row = @{ Port = { $port } }; Says = $columns }
        @{ What = 'a name in a column of an IP address'; Row = @{ IPAddressToString = '127.0.0.1'; Port = { $port } }; Says = $columns }
        @{ What = 'a misspelled name'; Row = @{ Computer = '127.0.0.1'; Port = { $port } }; Says = $columns }
    )

    $script:odd = @(
        @{ What = 'a row with other columns'; Object = { [pscustomobject]@{ Name = '127.0.0.1'; Owner = 'me' } }; Says = "*the properties Name, Owner *" }
        @{ What = 'a column with an escape sequence'; Object = { [pscustomobject]@{ "Na$([char] 27)me" = '127.0.0.1' } }; Says = '*the properties Na\u001Bme *' }
        @{ What = 'a hashtable'; Object = { @{ ComputerName = '127.0.0.1'; Port = $port; Message = 'hi' } }; Says = '*`[pscustomobject`]*' }
        @{ What = 'an ordered hashtable'; Object = { [ordered]@{ ComputerName = '127.0.0.1'; Port = $port; Message = 'hi' } }; Says = '*`[pscustomobject`]*' }
        @{ What = 'a byte'; Object = { [byte] 7 }; Says = '*' }
        @{ What = 'a byte with a sign'; Object = { [sbyte] 7 }; Says = '*' }
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

    function ConvertTo-Row([hashtable] $Columns) {
        $row = [ordered]@{ Message = 'hi' }
        foreach ($name in $Columns.Keys) {
            if ($Columns[$name] -is [scriptblock]) { $row[$name] = & $Columns[$name] } else { $row[$name] = $Columns[$name] }
        }
        [pscustomobject] $row
    }
}

AfterAll { Remove-Job $server -Force }

Describe 'Input that names no server, or not all of it' {
    It '<Cmdlet> refuses <What>' -ForEach $refusals {
        $before = $server.TotalConnections
        $result = Invoke-Call $Call (ConvertTo-Row $Row)
        $result.Output.Count | Should-Be 0
        $result.Texts -join "`n" | Should-BeLikeString $Says
        $result.Ids.Count | Should-Be 1
        $result.Ids[0] -in 'ParameterArgumentTransformationError', 'ParameterArgumentValidationError', 'ServerNotNamed' | Should-BeTrue
        $server.TotalConnections | Should-Be $before
    }

    It '<Cmdlet> refuses <What>' -ForEach $oddRefusals {
        $result = Invoke-Call $Call (, (& $Object))
        $result.Output.Count | Should-Be 0
        $result.Ids.Count | Should-Be 1
        $result.Ids[0] -in 'ParameterArgumentTransformationError', 'SingleByte' | Should-BeTrue
        $result.Texts[0] | Should-BeLikeString $Says
    }
}

Describe 'Input that names a server' {
    # Nothing listens there: a session would wait for the keyboard.
    It '<Cmdlet> takes its columns <Name> and <PortName>' -ForEach $names {
        $result = Invoke-Call $Call (ConvertTo-Row @{ $Name = 'localhost'; $PortName = ' 1'; Owner = 'me' })
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
