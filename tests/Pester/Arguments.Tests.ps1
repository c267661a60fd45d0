# Computers and ports on the command line.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'Positions are what is tested.')]
param()

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:server = Start-EchoServer -KeepListening -AsJob -Port 0
    $script:port = $server.Port
}

AfterAll { Remove-Job $server -Force }

Describe 'An argument that names no server' {
    It 'is refused by <Cmdlet>: <What>' -ForEach $(
        foreach ($call in @(
                @{ Cmdlet = 'Test-EchoServer'; Call = { Test-EchoServer $Value $port } }
                @{ Cmdlet = 'Measure-EchoServer'; Call = { Measure-EchoServer $Value $port } }
                @{ Cmdlet = 'Send-EchoMessage'; Call = { Send-EchoMessage hi $Value $port } }
                @{ Cmdlet = 'Enter-EchoSession'; Call = { Enter-EchoSession $Value $port } })) {
            $call + @{ What = 'a name with a port'; Value = 'localhost:80'; Says = "*'localhost:80' is not a name or an IP address. Give the port separately.*" }
            $call + @{ What = 'a URL'; Value = 'tcp://localhost'; Says = '*Give the port separately.*' }
            $call + @{ What = 'a port'; Value = 7007; Says = '*7007 (System.Int32) names no computer*' }
            $call + @{ What = 'a port as text'; Value = '7007'; Says = '*would take it for 0.0.27.95*' }
            $call + @{ What = 'a name and a port'; Value = @('localhost', 7007); Says = '*7007 (System.Int32) names no computer*' }
            $call + @{ What = 'a hashtable'; Value = @{ ComputerName = '127.0.0.1' }; Says = '*`[pscustomobject`]*' }
            $call + @{ What = 'a row'; Value = [pscustomobject]@{ Name = '127.0.0.1' }; Says = "*the properties Name names no computer*ComputerName (or HostName,*" }
            $call + @{ What = 'empty text'; Value = ''; Says = "*'ComputerName'*An empty value names no computer*" }
            $call + @{ What = 'nothing'; Value = $null; Says = "*'ComputerName'*null*" }
            $call + @{ What = 'an empty list'; Value = @(); Says = "*'ComputerName'*empty*" }
        }
    ) {
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
                @{ Cmdlet = 'Test-EchoServer'; Call = { Test-EchoServer 127.0.0.1 $Value } }
                @{ Cmdlet = 'Measure-EchoServer'; Call = { Measure-EchoServer 127.0.0.1 $Value } }
                @{ Cmdlet = 'Send-EchoMessage'; Call = { Send-EchoMessage hi 127.0.0.1 $Value } }
                @{ Cmdlet = 'Enter-EchoSession'; Call = { Enter-EchoSession 127.0.0.1 $Value } }
                @{ Cmdlet = 'Start-EchoServer'; Call = { Start-EchoServer $Value -AsJob } })) {
            foreach ($value in '7O07', '', ' ', '+7', '7.0', '7,007', '1kb', '0x50', 7.5, [double]::NaN, 1e300, [long]::MaxValue, $true, [char] '7', $null, @(), @(7, '8,9'), @(7, $null), -1, 65536) {
                $call + @{ Port = "$value" + $(if ($null -ne $value) { " ($($value.GetType()))" }); Value = $value }
            }
        }
    ) {
        $Call | Should-Throw "*'Port'*"
    }

    It '<Cmdlet> takes one only' -ForEach @(
        @{ Cmdlet = 'Send-EchoMessage'; Call = { Send-EchoMessage hi 127.0.0.1 7, 8 } }
        @{ Cmdlet = 'Enter-EchoSession'; Call = { Enter-EchoSession 127.0.0.1 7, 8 } }
        @{ Cmdlet = 'Start-EchoServer'; Call = { Start-EchoServer 7, 8 -AsJob } }
    ) {
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
        { Start-EchoServer $port } | Should-Throw -FullyQualifiedErrorId 'AddressInUse,*'
    }
}
