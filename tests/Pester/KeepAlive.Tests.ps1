# The parameter -KeepAliveSeconds. Network.Tests.ps1 tests what it does.

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"

    # What a call writes, and its warnings.
    function Split-Warning($All) {
        @($All).Where({ $_ -isnot [Management.Automation.WarningRecord] }, 'Split')
    }

    # The number of probes can't be set on such a system.
    Add-Type @'
        using System.Net.Sockets;
        public static class LackingSystem {
            public static void SetOption(Socket socket, SocketOptionLevel level, SocketOptionName name, int value) {
                if ((int) name == 16)
                    throw new SocketException(10042); // WSAENOPROTOOPT
                socket.SetSocketOption(level, name, value);
            }
        }
'@
}

Describe '-KeepAliveSeconds of Enter-EchoSession' {
    It 'is 1 to 32767, and is taken' {
        { Enter-EchoSession -Port 1 -KeepAliveSeconds 0 } | Should-Throw '*KeepAliveSeconds*'
        { Enter-EchoSession -Port 1 -KeepAliveSeconds 5 } | Should-Throw -FullyQualifiedErrorId 'ConnectionRefused,*'
    }
}

Describe '-KeepAliveSeconds of <Cmdlet>' -ForEach @(
    @{ Cmdlet = 'Start-EchoServer'; Call = { param($More) Start-EchoServer -KeepListening -AsJob -Port 0 @More } }
    @{ Cmdlet = 'Send-EchoMessage'; Call = { param($More) Send-EchoMessage hi -Port $server.Port @More } }
    @{ Cmdlet = 'Measure-EchoServer'; Call = { param($More) Measure-EchoServer -Port $server.Port -Count 1 @More } }
    @{ Cmdlet = 'Test-EchoServer'; Call = { param($More) Test-EchoServer -Port $server.Port @More } }
) {
    BeforeAll {
        $script:server = Start-EchoServer -KeepListening -AsJob -Port 0
        $script:type = [EchoSocket.EchoServer].Assembly.GetType('EchoSocket.Common.KeepAlive')
        $script:property = $type.GetProperty('SetOption', [Reflection.BindingFlags] 'NonPublic, Static')
    }
    AfterAll { Get-Job | Remove-Job -Force }

    It 'is 1 to 32767: <_> is refused' -ForEach 0, -1, 32768, 1e10, 'x' {
        { & $Call @{ KeepAliveSeconds = $_ } } | Should-Throw '*KeepAliveSeconds*'
    }

    It 'is taken without a warning where the system has all options' {
        if (-not (Test-Path /proc)) { Set-ItResult -Skipped -Because 'other systems may lack some' }
        $output, $warnings = Split-Warning (& $Call @{ KeepAliveSeconds = 30 } 3>&1)
        $output | Should-NotBeNull
        $warnings | Should-BeNull
    }

    It 'warns of what the system lacks, and works' {
        $set = $property.GetValue($null)
        $property.SetValue($null, [LackingSystem].GetMethod('SetOption').CreateDelegate($property.PropertyType))
        try {
            $output, $warnings = Split-Warning (& $Call @{ KeepAliveSeconds = 30 } 3>&1)
            $output | Should-NotBeNull
            $warnings | Should-BeCollection -Count 1
            $warnings[0].Message | Should-BeLikeString 'This system does not let a program choose the number of probes of TCP keep-alive.*'
        }
        finally {
            $property.SetValue($null, $set)
        }
    }

    It 'is not used without the parameter' {
        $set = $property.GetValue($null)
        $property.SetValue($null, [LackingSystem].GetMethod('SetOption').CreateDelegate($property.PropertyType))
        try {
            $output, $warnings = Split-Warning (& $Call @{} 3>&1)
            $output | Should-NotBeNull
            $warnings | Should-BeNull
        }
        finally {
            $property.SetValue($null, $set)
        }
    }
}
