BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:build = "$PSScriptRoot/../../build.ps1"
}

Describe 'build.ps1' {
    It 'runs the first echo with -Task Demo' {
        $shown = & $build -Task Demo 6>&1 | Out-String
        $shown | Should-MatchString 'HELLO, WORLD!'
        $shown | Should-MatchString 'PeerClosed'
    }

    It 'lays out a module that imports from where it was put with -Task Package' {
        $package = @(& $build -Task Package | Where-Object { $_ -is [IO.DirectoryInfo] })[-1].FullName
        $job = Start-Job {
            $module = Import-Module "$using:package/EchoSocket.psd1" -PassThru
            $module.ModuleBase
            (Get-Help Send-EchoMessage).Synopsis
            Start-EchoServer -AsJob -Port 0 | Send-EchoMessage -Message hi
        }
        $output = Receive-Server $job
        $output[0] | Should-Be $package
        $output[1] | Should-MatchString 'returns the replies'
        $output[2] | Should-BeString 'HI' -CaseSensitive
        Get-ChildItem $package -Recurse -File | Where-Object Name -NotLike *.pdb | ForEach-Object { $_.FullName.Substring($package.Length + 1) -replace '\\', '/' } |
            Should-BeCollection @(
                'CHANGELOG.md', 'EchoSocket.psd1', 'LICENSE', 'README.md', 'bin/EchoSocket.dll', 'bin/EchoSocket.Format.ps1xml'
                'bin/EchoSocket.Module.dll', 'bin/EchoSocket.Types.ps1xml', 'bin/HdrHistogram.dll', 'bin/System.Numerics.Vectors.dll'
                'bin/en-US/EchoSocket.Module.dll-Help.xml')
        Remove-Job $job
    }

    It 'refuses a task that does not exist' {
        { & $build -Task Nonsense } | Should-Throw '*Nonsense*'
    }
}
