# A server job names its server to the clients: from the pipeline and as an argument.

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:one = Start-EchoServer -KeepListening -AsJob -Port 0
    $script:two = Start-EchoServer -KeepListening -AsJob -Port 0
}
AfterAll { Get-Job | Remove-Job -Force }

Describe 'A server job as an argument' {
    It 'is a server to test, alone or among others' {
        Test-EchoServer $one | Should-BeTrue
        $reports = Test-EchoServer -ComputerName $one, 127.0.0.1, $two 1 -Detailed
        $reports.Success -join ' ' | Should-BeString 'True False True'
        $reports.ComputerName -join ' ' | Should-BeString '127.0.0.1 127.0.0.1 127.0.0.1'
        $reports.Port -join ' ' | Should-BeString "$($one.Port) 1 $($two.Port)"
    }

    It 'is a server to measure' {
        $result = Measure-EchoServer $one, $two -Count 5
        $result.Received -join ' ' | Should-BeString '5 5'
        $result.Port -join ' ' | Should-BeString "$($one.Port) $($two.Port)"
    }

    It 'is a server to send messages to' {
        $replies = 'a', 'b' | Send-EchoMessage -ComputerName $two -Detailed
        $replies.Reply -join '' | Should-BeString AB -CaseSensitive
        $replies.RemoteEndPoint -join ' ' | Should-BeString "$($two.LocalEndPoint) $($two.LocalEndPoint)"
    }
}

Describe 'A server job from the pipeline' {
    It 'binds by its address and port' {
        ($one, $two | Test-EchoServer -Detailed).Port -join ' ' | Should-BeString "$($one.Port) $($two.Port)"
        $one | Send-EchoMessage -Message hi | Should-BeString HI -CaseSensitive
    }
}

Describe 'A server job that listens on <Address>' -ForEach @(
    @{ Address = '0.0.0.0'; Loopback = '127.0.0.1' }
    @{ Address = '::'; Loopback = '::1' }
) {
    BeforeAll {
        $script:skip = $Address -eq '::' -and -not [Net.Sockets.Socket]::OSSupportsIPv6
        $script:all = if (-not $skip) { Start-EchoServer -KeepListening -AsJob -Port 0 -Address $Address -WarningAction SilentlyContinue }
    }

    It 'is reached by its loopback address, as an argument and from the pipeline' {
        if ($skip) { Set-ItResult -Skipped -Because 'there is no IPv6 here' }
        $all.Address | Should-Be $Address
        $all.ComputerName | Should-Be $Loopback
        (Test-EchoServer $all -Detailed).ComputerName | Should-Be $Loopback
        ($all | Test-EchoServer -Detailed).ComputerName | Should-Be $Loopback
        ($all | Measure-EchoServer -Count 1).ComputerName | Should-Be $Loopback
        ($all | Send-EchoMessage -Message hi -Detailed).RemoteEndPoint | Should-BeLikeString "*$Loopback*:$($all.Port)"
        (Send-EchoMessage hi -ComputerName $all -Detailed).RemoteEndPoint | Should-BeLikeString "*$Loopback*:$($all.Port)"
    }
}
