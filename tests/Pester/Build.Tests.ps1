BeforeAll {
    . "$PSScriptRoot/Shared.ps1"
    $script:build = "$PSScriptRoot/../../build.ps1"
    $script:package = @(& $build -Task Package | Where-Object { $_ -is [IO.DirectoryInfo] })[-1].FullName
}

Describe 'build.ps1' {
    It 'runs the first echo with -Task Demo' {
        $shown = & $build -Task Demo 6>&1 | Out-String
        $shown | Should-MatchString 'HELLO, WORLD!'
        $shown | Should-MatchString 'PeerClosed'
    }

    It 'lays out a module that imports from where it was put with -Task Package' {
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
                'CHANGELOG.md', 'EchoSocket.psd1', 'LICENSE', 'README.md', 'THIRD-PARTY-NOTICES', 'bin/EchoSocket.dll', 'bin/EchoSocket.Format.ps1xml'
                'bin/EchoSocket.Module.dll', 'bin/EchoSocket.Types.ps1xml', 'bin/System.Numerics.Vectors.dll'
                'bin/en-US/EchoSocket.Module.dll-Help.xml')
        Remove-Job $job
    }

    It 'packages the license of every library that the module carries, and names its version' {
        $notices = (Get-Content "$package/THIRD-PARTY-NOTICES" -Raw) -replace '\s+', ' '
        $packages = if ($env:NUGET_PACKAGES) { $env:NUGET_PACKAGES } else { "$HOME/.nuget/packages" }
        $versions = ([xml] (Get-Content "$PSScriptRoot/../../Directory.Packages.props" -Raw)).Project.ItemGroup.PackageVersion
        $libraries = (Get-ChildItem "$package/bin/*.dll" -Exclude EchoSocket*).BaseName
        $libraries | Should-BeCollection @('System.Numerics.Vectors')
        foreach ($library in $libraries) {
            $version = ($versions | Where-Object Include -EQ $library).Version
            $notices | Should-BeLikeString "*$library $version *"
            $license = (Get-Content "$packages/$($library.ToLower())/$version/LICENSE.TXT" -Raw) -replace '\s+', ' '
            $notices.Contains($license.Trim()) | Should-BeTrue -Because "the license of $library is '$license'"
        }
    }

    It 'refuses a task that does not exist' {
        { & $build -Task Nonsense } | Should-Throw '*Nonsense*'
    }
}
