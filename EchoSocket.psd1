@{
    ModuleVersion          = '0.1.0'
    GUID                   = 'd10fffab-e988-447f-af37-434abf77c282'
    Author                 = 'EchoSocket contributors'
    CompanyName            = 'EchoSocket contributors'
    Copyright              = 'Copyright (c) EchoSocket contributors. MIT License.'
    Description            = 'A TCP echo server and client: prove a path, measure it, test a client against a peer, and see how each connection ended.'

    PowerShellVersion      = '5.1'
    CompatiblePSEditions   = @('Core', 'Desktop')
    DotNetFrameworkVersion = '4.7.2'

    # Nested rather than the root module, so that Get-Help finds the help file beside the assembly.
    NestedModules          = @('bin/EchoSocket.Module.dll')
    TypesToProcess         = @('bin/EchoSocket.Types.ps1xml')
    FormatsToProcess       = @('bin/EchoSocket.Format.ps1xml')

    CmdletsToExport        = @('Enter-EchoSession', 'Measure-EchoServer', 'New-EchoFault', 'Send-EchoMessage', 'Start-EchoServer', 'Test-EchoServer', 'Watch-EchoServer')
    FunctionsToExport      = @()
    AliasesToExport        = @()
    VariablesToExport      = @()

    PrivateData            = @{
        PSData = @{
            Tags = @('TCP', 'echo', 'socket', 'network', 'latency', 'test', 'PSEdition_Core', 'PSEdition_Desktop', 'Windows', 'Linux', 'MacOS')
        }
    }
}
