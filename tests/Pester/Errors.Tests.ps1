# The errors as a user handles them: $?, -ErrorVariable, try and catch.

BeforeAll { . "$PSScriptRoot/Shared.ps1" }

Describe 'A failing cmdlet' {
    BeforeAll { $script:server = Start-EchoServer -KeepListening -AsJob -Port 0 }
    AfterAll { Remove-Job $server -Force }

    It 'leaves $? false, and a successful one leaves it true' {
        $outcomes = foreach ($target in $server, [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = 1 }) {
            $null = $target | Send-EchoMessage -Message hi -ErrorAction SilentlyContinue
            $?
            $null = $target | Measure-EchoServer -Count 1 -ErrorAction SilentlyContinue
            $?
        }
        $outcomes -join ' ' | Should-BeString 'True True False False'
    }

    It 'appends to -ErrorVariable what it writes' {
        $targets = 1, 2 | ForEach-Object { [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $_ } }
        $targets | Send-EchoMessage -Message hi -ErrorAction SilentlyContinue -ErrorVariable problems
        '', 'a' | Send-EchoMessage -Port $server.Port -ErrorAction SilentlyContinue -ErrorVariable +problems | Should-Be 'A'
        $problems.FullyQualifiedErrorId -replace ',.*' -join ' ' | Should-BeString 'ConnectionRefused ConnectionRefused ParameterArgumentValidationError'
        $problems[0..1].TargetObject -join ' ' | Should-BeString '127.0.0.1:1 127.0.0.1:2'
    }

    It 'is caught by id where try surrounds it' {
        $caught = try { Send-EchoMessage hi -Port 1 } catch { $_.FullyQualifiedErrorId }
        $caught | Should-BeLikeString 'ConnectionRefused,*'
    }

    It 'ends at the first error with -ErrorAction Stop' {
        $targets = 1, $server.Port | ForEach-Object { [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $_ } }
        $replies = [Collections.Generic.List[string]]::new()
        { $targets | Send-EchoMessage -Message hi -ErrorAction Stop | ForEach-Object { $replies.Add($_) } } | Should-Throw -FullyQualifiedErrorId 'ConnectionRefused,*'
        $replies.Count | Should-Be 0
    }
}

Describe 'Test-EchoServer of a server that is down' {
    It 'is a result and no error' {
        $Error.Clear()
        Test-EchoServer -Port 1 -ErrorAction Stop | Should-BeFalse
        $Error.Count | Should-Be 0
    }
}
