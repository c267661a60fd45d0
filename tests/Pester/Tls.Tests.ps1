# TLS at the prompt: the server, the clients, and every certificate that is refused.

BeforeDiscovery {
    $script:clients = 'Send-EchoMessage', 'Test-EchoServer', 'Measure-EchoServer', 'Enter-EchoSession'
    $script:noPem = $PSVersionTable.PSEdition -eq 'Desktop' # .NET Framework does not read PEM files
    $script:noStore = -not (Get-PSDrive Cert -ErrorAction Ignore)
}

BeforeAll {
    . "$PSScriptRoot/Shared.ps1"

    $script:forServer = '1.3.6.1.5.5.7.3.1'
    $script:forClient = '1.3.6.1.5.5.7.3.2'

    # A certificate for a name and, unless it is an authority or told otherwise, for 127.0.0.1.
    function New-Certificate([string] $Name, [string] $Usage, $Issuer, [int] $FromDays = -1, [int] $ToDays = 2, [string] $Subject = "CN=$Name", [switch] $NoAddress) {
        $key = [Security.Cryptography.ECDsa]::Create([Security.Cryptography.ECCurve]::CreateFromFriendlyName('nistP256'))
        $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new($Subject, $key, [Security.Cryptography.HashAlgorithmName]::SHA256)
        $space = 'Security.Cryptography.X509Certificates'
        $request.CertificateExtensions.Add((New-Object "$space.X509BasicConstraintsExtension" (-not $Usage), $false, 0, $true))
        if ($Usage) {
            $oids = [Security.Cryptography.OidCollection]::new()
            $null = $oids.Add([Security.Cryptography.Oid] $Usage)
            $request.CertificateExtensions.Add((New-Object "$space.X509EnhancedKeyUsageExtension" $oids, $false))
            $names = New-Object "$space.SubjectAlternativeNameBuilder"
            $names.AddDnsName($Name)
            if (-not $NoAddress) { $names.AddIpAddress([ipaddress]::Loopback) }
            $request.CertificateExtensions.Add($names.Build())
        }
        $from, $to = [DateTimeOffset]::UtcNow.AddDays($FromDays), [DateTimeOffset]::UtcNow.AddDays($ToDays)
        if (-not $Issuer) {
            return $request.CreateSelfSigned($from, $to)
        }
        $signer = [Security.Cryptography.X509Certificates.X509SignatureGenerator]::CreateForECDsa(
            [Security.Cryptography.X509Certificates.ECDsaCertificateExtensions]::GetECDsaPrivateKey($Issuer))
        $signed = $request.Create($Issuer.SubjectName, $signer, $from, $to, [guid]::NewGuid().ToByteArray())
        [Security.Cryptography.X509Certificates.ECDsaCertificateExtensions]::CopyWithPrivateKey($signed, $key)
    }

    function Get-Sha256($Certificate) {
        $hash = [Security.Cryptography.SHA256]::Create()
        [BitConverter]::ToString($hash.ComputeHash($Certificate.RawData)) -replace '-'
    }

    # The certificate without its private key.
    function Get-PublicPart($Certificate) {
        [Security.Cryptography.X509Certificates.X509Certificate2]::new($Certificate.RawData)
    }

    # Calls a client with -UseTls, or whatever else the parameters say.
    function Invoke-Client([string] $Cmdlet, [hashtable] $With) {
        $more = @{ 'Send-EchoMessage' = @{ Message = 'hi' }; 'Test-EchoServer' = @{ Detailed = $true }; 'Measure-EchoServer' = @{ Count = 3 } }[$Cmdlet]
        if (-not $more) { $more = @{} }
        & $Cmdlet @more @With -ErrorVariable +ignored -WarningAction SilentlyContinue
    }

    # Whether the client works with the server of a job.
    function Test-Client([string] $Cmdlet, [hashtable] $With) {
        $output = Invoke-Client $Cmdlet $With
        switch ($Cmdlet) {
            'Send-EchoMessage' { $output -ceq 'HI' }
            'Test-EchoServer' { $output.Success }
            'Measure-EchoServer' { $output.Received -eq 3 }
        }
    }

    $script:authority = New-Certificate 'an authority'
    $script:good = New-Certificate localhost $forServer $authority
    $script:someone = New-Certificate 'someone' $forClient $authority
}

Describe 'A server with -UseTls' {
    AfterEach { Close-Everything }

    It 'makes a certificate for its names and addresses: <Address>' -ForEach @(
        @{ Address = '127.0.0.1'; Names = 'localhost', '127.0.0.1' }
        @{ Address = '::1'; Names = 'localhost', '::1' }
        @{ Address = '0.0.0.0'; Names = 'localhost', '127.0.0.1', [Net.Dns]::GetHostName() }
        @{ Address = '::'; Names = 'localhost', '127.0.0.1', '::1', [Net.Dns]::GetHostName() }
    ) {
        if ($Address -like '*:*' -and -not [Net.Sockets.Socket]::OSSupportsIPv6) { Set-ItResult -Skipped -Because 'there is no IPv6 here' }
        $server = Start-EchoServer -UseTls -AsJob -KeepListening -Port 0 -Address $Address -WarningAction SilentlyContinue
        $report = $server | Test-EchoServer -Detailed -WarningAction SilentlyContinue
        $report.Reason | Should-BeString ''
        $report.Success | Should-BeTrue
        $Names | Where-Object { $_ -notin $report.CertificateNames } | Should-BeNull
        foreach ($name in $Names) {
            Test-EchoServer $server.ComputerName $server.Port -UseTls -TrustedCertificate $server.Certificate -TlsHostName $name |
                Should-BeTrue -Because "the certificate is for $name"
        }
        Test-EchoServer $server.ComputerName $server.Port -UseTls -TrustedCertificate $server.Certificate -TlsHostName other.example | Should-BeFalse
    }

    It 'tells the thumbprint in the verbose stream, and the job has it with the certificate, which has no private key' {
        $server, $told = @(Start-EchoServer -UseTls -AsJob -Port 0 -Verbose 4>&1).Where({ $_ -is [EchoSocket.EchoServerJob] }, 'Split')
        $told[1].Message | Should-BeString "The server's certificate is CN=localhost, SHA-256 thumbprint $(Get-Sha256 $server.Certificate)." -CaseSensitive
        $server.CertificateThumbprint | Should-BeString (Get-Sha256 $server.Certificate)
        $server.Certificate.HasPrivateKey | Should-BeFalse
        $server.UseTls | Should-BeTrue
        ($server.Certificate.NotAfter - [datetime]::Now).TotalDays | Should-BeLessThanOrEqual 7
        ($server | Send-EchoMessage -Message hi -Detailed).CertificateThumbprint | Should-BeString $server.CertificateThumbprint
    }

    It 'has help that shows how to get a certificate' {
        $help = (Get-Help Start-EchoServer -Parameter Certificate).Description.Text
        foreach ($way in 'Get-PfxCertificate', 'CreateFromPemFile', 'Cert:\') { "$help".Contains($way) | Should-BeTrue -Because $way }
    }

    It 'makes another certificate each time' {
        $first, $second = 1..2 | ForEach-Object { Start-EchoServer -UseTls -AsJob -Port 0 }
        $first.CertificateThumbprint | Should-NotBe $second.CertificateThumbprint
    }

    It 'has no certificate without -UseTls' {
        $server = Start-EchoServer -AsJob -Port 0 -KeepListening
        $server.UseTls | Should-BeFalse
        $server.Certificate | Should-BeNull
        $server.CertificateThumbprint | Should-BeString ''
        $report = $server | Test-EchoServer -Detailed
        $report.Success | Should-BeTrue
        $report.TlsProtocol, $report.CertificateSubject, $report.CertificateThumbprint, $report.Warning -join '' | Should-BeString ''
        $report.TlsMilliseconds, $report.CertificateNotAfter | Should-BeCollection @($null, $null)
    }

    It 'takes a certificate from <From>' -ForEach @(
        @{ From = 'memory'; Skip = $false; Get = { $good } }
        @{
            From = 'a PFX file'; Skip = $false
            Get  = {
                [IO.File]::WriteAllBytes("$TestDrive/server.pfx", $good.Export('Pfx'))
                if ($PSVersionTable.PSEdition -eq 'Desktop') { Get-PfxCertificate "$TestDrive/server.pfx" } else { Get-PfxCertificate "$TestDrive/server.pfx" -NoPromptForPassword }
            }
        }
        @{
            From = 'PEM files'; Skip = $noPem
            Get  = {
                $good.ExportCertificatePem() | Set-Content "$TestDrive/server.pem"
                [Security.Cryptography.X509Certificates.ECDsaCertificateExtensions]::GetECDsaPrivateKey($good).ExportPkcs8PrivateKeyPem() |
                    Set-Content "$TestDrive/server-key.pem"
                [Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPemFile("$TestDrive/server.pem", "$TestDrive/server-key.pem")
            }
        }
        @{
            From = 'the Windows store'; Skip = $noStore
            Get  = {
                $pfx = [Security.Cryptography.X509Certificates.X509Certificate2]::new($good.Export('Pfx'), '', 'PersistKeySet')
                $store = [Security.Cryptography.X509Certificates.X509Store]::new('My', 'CurrentUser')
                $store.Open('ReadWrite')
                $store.Add($pfx)
                $store.Close()
                Get-Item "Cert:\CurrentUser\My\$($pfx.Thumbprint)"
            }
        }
    ) {
        if ($Skip) { Set-ItResult -Skipped -Because 'this system has none' }
        try {
            $server = Start-EchoServer -UseTls -Certificate (& $Get) -AsJob -Port 0
            $server.CertificateThumbprint | Should-BeString (Get-Sha256 $good)
            Send-EchoMessage hi -Port $server.Port -UseTls -TrustedCertificate $authority | Should-BeString HI -CaseSensitive
        }
        finally {
            if ($From -like '*store') { Remove-Item "Cert:\CurrentUser\My\$($good.Thumbprint)" -DeleteKey }
        }
    }

    It 'refuses <Why> before it listens, and says so' -ForEach @(
        @{ Why = '-Certificate without -UseTls'; With = { @{ Certificate = $good } }; Id = 'ParameterRequired'; Says = '*-Certificate is for a server that uses TLS: add -UseTls*' }
        @{ Why = '-RequireClientCertificate without -UseTls'; With = { @{ RequireClientCertificate = $true } }; Id = 'ParameterRequired'; Says = '*-RequireClientCertificate*add -UseTls*' }
        @{ Why = '-HandshakeTimeoutSeconds without -UseTls'; With = { @{ HandshakeTimeoutSeconds = 1 } }; Id = 'ParameterRequired'; Says = '*-HandshakeTimeoutSeconds*add -UseTls*' }
        @{ Why = '-IntermediateCertificate without -Certificate'; With = { @{ UseTls = $true; IntermediateCertificate = $authority } }; Id = 'ParameterRequired'; Says = '*-IntermediateCertificate*add -Certificate*' }
        @{ Why = '-TrustedClient without -RequireClientCertificate'; With = { @{ UseTls = $true; TrustedClient = $someone } }; Id = 'ParameterRequired'; Says = '*-TrustedClient*add -RequireClientCertificate*' }
        @{ Why = 'a certificate without private key'; With = { @{ UseTls = $true; Certificate = Get-PublicPart $good } }; Id = 'ParameterArgumentTransformationError'; Says = "*'Certificate'*'CN=localhost' has no private key, which a server needs*" }
        @{ Why = 'a certificate that was disposed'; With = { $gone = New-Certificate localhost $forServer; $gone.Dispose(); @{ UseTls = $true; Certificate = $gone } }; Id = 'ParameterArgumentTransformationError'; Says = "*'Certificate'*A certificate that was disposed cannot be used*" }
        @{ Why = 'a trusted client that was disposed'; With = { $gone = New-Certificate someone $forClient; $gone.Dispose(); @{ UseTls = $true; RequireClientCertificate = $true; TrustedClient = $gone } }; Id = 'ParameterArgumentTransformationError'; Says = "*'TrustedClient'*A certificate that was disposed cannot be used*" }
        @{ Why = 'a path for a certificate'; With = { @{ UseTls = $true; Certificate = 'server.pfx' } }; Id = 'ParameterArgumentTransformationError'; Says = "*'Certificate'*'server.pfx' is not a certificate*Get-PfxCertificate*" }
        @{ Why = 'two certificates'; With = { @{ UseTls = $true; Certificate = $good, $good } }; Id = 'ParameterArgumentTransformationError'; Says = '*Give one certificate*' }
        @{ Why = 'no certificate'; With = { @{ UseTls = $true; Certificate = $null } }; Id = 'ParameterArgumentTransformationError'; Says = "*'Certificate'*An empty value is not a certificate*" }
        @{ Why = 'a SHA-1 thumbprint'; With = { @{ UseTls = $true; RequireClientCertificate = $true; TrustedClient = $someone.Thumbprint } }; Id = 'ParameterArgumentTransformationError'; Says = "*'TrustedClient'*'$('[0-9A-F]' * 40)' is not a SHA-256 thumbprint*SHA-1*" }
        @{ Why = 'nonsense as a trusted client'; With = { @{ UseTls = $true; RequireClientCertificate = $true; TrustedClient = $someone, 'nonsense' } }; Id = 'ParameterArgumentTransformationError'; Says = "*'nonsense' is not a SHA-256 thumbprint*" }
        @{ Why = 'an object as a trusted client'; With = { @{ UseTls = $true; RequireClientCertificate = $true; TrustedClient = [datetime] '2026-01-02' } }; Id = 'ParameterArgumentTransformationError'; Says = '*(System.DateTime) is not a certificate or a SHA-256 thumbprint*' }
        @{ Why = 'no trusted client'; With = { @{ UseTls = $true; RequireClientCertificate = $true; TrustedClient = @() } }; Id = 'ParameterArgumentValidationError'; Says = "*'TrustedClient'*" }
        @{ Why = 'no time for the handshake'; With = { @{ UseTls = $true; HandshakeTimeoutSeconds = 0 } }; Id = 'ParameterArgumentValidationError'; Says = "*'HandshakeTimeoutSeconds'*" }
    ) {
        $parameters = & $With
        { Start-EchoServer -AsJob -Port 0 @parameters } | Should-Throw $Says -FullyQualifiedErrorId "$Id,*"
        Get-Job | Should-BeNull
    }

    It 'warns of its certificate that is <Kind>, and serves' -ForEach @(
        @{ Kind = 'expired'; From = -3; To = -1; Says = "The certificate 'CN=localhost' expired on *UTC. A client that checks it refuses it." }
        @{ Kind = 'not yet valid'; From = 1; To = 2; Says = "The certificate 'CN=localhost' is not valid before *UTC. A client that checks it refuses it." }
    ) {
        $server = Start-EchoServer -UseTls -Certificate (New-Certificate localhost $forServer $authority $From $To) -AsJob -Port 0 -WarningVariable warned -WarningAction SilentlyContinue
        "$warned" | Should-BeLikeString $Says
        Test-EchoServer -Port $server.Port -UseTls -SkipCertificateCheck | Should-BeTrue
    }

    It 'sends intermediate certificates' {
        if ($PSVersionTable.PSEdition -eq 'Desktop') { Set-ItResult -Skipped -Because '.NET Framework takes them from its store' }
        $intermediate = New-Certificate 'an intermediate' '' $authority
        $certificate = New-Certificate localhost $forServer $intermediate
        foreach ($more in @{ IntermediateCertificate = $intermediate }, @{}) {
            $server = Start-EchoServer -UseTls -Certificate $certificate @more -AsJob -Port 0
            $report = Test-EchoServer -Port $server.Port -UseTls -TrustedCertificate $authority -Detailed -WarningAction SilentlyContinue
            $report.Success | Should-Be ($more.Count -eq 1)
            $report.Reason | Should-MatchString $(if ($more.Count) { '^$' } else { 'is not trusted: its issuer \(CN=an intermediate\) is unknown\.' })
        }
    }

    It 'ends a plain-text client with a sentence, as a job, and goes on' {
        $server = Start-EchoServer -UseTls -KeepListening -AsJob -Port 0
        { Send-EchoMessage "hello`r`n" -Port $server.Port } | Should-Throw -FullyQualifiedErrorId 'ConnectionClosedEarly,*'
        $server | Send-EchoMessage -Message hi | Should-BeString HI
        Wait-Until { $server.ActiveConnections -eq 0 }
        Stop-Job $server
        $plain, $tls = Receive-Job $server
        $plain.EndReason, $plain.Detail -join ': ' | Should-BeString "Faulted: The client does not speak TLS: it began with 'hello\x0d\x0a'."
        "$($plain | Out-String -Width 200)".Contains("'hello\x0d\x0a'") | Should-BeTrue
        $tls.EndReason, $tls.Detail, $tls.BytesReceived -join ' ' | Should-BeString 'PeerClosed  2'
    }
}

Describe '<_> over TLS' -ForEach @($clients | Where-Object { $_ -ne 'Enter-EchoSession' }) {
    BeforeAll {
        $script:cmdlet = $_
        $script:server = Start-EchoServer -UseTls -KeepListening -AsJob -Port 0
        $script:plain = Start-EchoServer -KeepListening -AsJob -Port 0
        $script:named = Start-EchoServer -UseTls -KeepListening -AsJob -Port 0 -Certificate (New-Certificate server1.example $forServer $authority -NoAddress)
    }
    AfterAll { Close-Everything }

    It 'works with a job in the pipeline' {
        $more = if ($cmdlet -eq 'Send-EchoMessage') { @{ Message = 'hi'; Detailed = $true } } else { @{} }
        $result = $server | & $cmdlet @more
        if ($cmdlet -eq 'Test-EchoServer') { $result | Should-BeTrue }
        else { $result.CertificateThumbprint | Should-BeString $server.CertificateThumbprint }
    }

    It 'works with a job as an argument, and with the certificate of the job' {
        Test-Client $cmdlet @{ ComputerName = $server } | Should-BeTrue
        Test-Client $cmdlet @{ Port = $server.Port; UseTls = $true; TrustedCertificate = $server.Certificate } | Should-BeTrue
        Test-Client $cmdlet @{ ComputerName = 'localhost'; Port = $server.Port; UseTls = $true; TrustedCertificate = $server.Certificate; IPv4 = $true } | Should-BeTrue
        $collection = [Security.Cryptography.X509Certificates.X509Certificate2Collection]::new($server.Certificate)
        Test-Client $cmdlet @{ Port = $server.Port; UseTls = $true; TrustedCertificate = $collection } | Should-BeTrue
    }

    It 'works with a job whose certificate is for another name, and has that name from the job' {
        $named.TlsHostName | Should-BeString server1.example
        Test-Client $cmdlet @{ ComputerName = $named } | Should-BeTrue
        $more = if ($cmdlet -eq 'Send-EchoMessage') { @{ Message = 'hi' } } else { @{} }
        $named | & $cmdlet @more -ErrorAction Stop | Should-NotBeNull
        Test-Client $cmdlet @{ Port = $named.Port; UseTls = $true; TrustedCertificate = $authority; TlsHostName = 'server1.example' } | Should-BeTrue
    }

    It 'trusts only the certificate of the job, unless told otherwise' {
        $other = Get-PublicPart (New-Certificate localhost $forServer)
        Invoke-Call { Invoke-Client $cmdlet @{ ComputerName = $server; TrustedCertificate = $other } } |
            ForEach-Object { "$($_.Texts) $($_.Output.Reason)" } | Should-MatchString 'is not trusted'
        Invoke-Call { Invoke-Client $cmdlet @{ ComputerName = $server; TlsHostName = 'server1.example' } } |
            ForEach-Object { "$($_.Texts) $($_.Output.Reason)" } | Should-MatchString "is not for 'server1\.example', but for 'localhost', '127\.0\.0\.1'\."
        Test-Client $cmdlet @{ ComputerName = $server; SkipCertificateCheck = $true } | Should-BeTrue
        Test-Client $cmdlet @{ ComputerName = $plain } | Should-BeTrue
    }

    It 'can be told to use no TLS with the job' {
        $call = Invoke-Call { Invoke-Client $cmdlet @{ ComputerName = $server; UseTls = $false } }
        "$($call.Ids) $($call.Output.FailedStage)" | Should-MatchString '^(ConnectionClosedEarly| Echo|ConnectionReset)'
    }

    It 'takes UseTls and TlsHostName from the rows of a file' {
        $rows = @(
            "ComputerName,Port,UseTls,TlsHostName`n127.0.0.1,$($named.Port),True,server1.example`n127.0.0.1,$($server.Port),1,`n127.0.0.1,$($plain.Port),false," | ConvertFrom-Csv
        )
        $more = if ($cmdlet -eq 'Send-EchoMessage') { @{ Message = 'hi'; Detailed = $true } } elseif ($cmdlet -eq 'Test-EchoServer') { @{ Detailed = $true } } else { @{} }
        $results = @($rows | & $cmdlet @more -TrustedCertificate $authority, $server.Certificate -ErrorAction SilentlyContinue -ErrorVariable problems -WarningAction SilentlyContinue)
        "$($results.CertificateSubject)" | Should-BeString 'CN=server1.example CN=localhost'
        "$problems" | Should-BeString 'The input object for 127.0.0.1 does not ask for TLS (UseTls is False), and -TrustedCertificate is for TLS. Send it to a command without -TrustedCertificate, or add -UseTls to use TLS with all.' -Because 'that row asks for no TLS'
        $results = @($rows | & $cmdlet @more -ErrorAction SilentlyContinue -ErrorVariable problems)
        @($results | Where-Object { $_.Reply -or $_.Success -or $_.Received }).Count | Should-Be 1 -Because 'this computer trusts neither of the first two'
    }

    It 'keeps servers of one port apart: with TLS, and without' {
        $rows = foreach ($use in $true, $false, $true) { [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $plain.Port; UseTls = $use } }
        $more = if ($cmdlet -eq 'Send-EchoMessage') { @{ Message = 'hi'; Detailed = $true } } elseif ($cmdlet -eq 'Test-EchoServer') { @{ Detailed = $true } } else { @{} }
        $results = @($rows | & $cmdlet @more -ErrorAction SilentlyContinue -ErrorVariable problems)
        @($results | Where-Object { $_.Reply -or $_.Success -or $_.Received }).Count | Should-Be 1
    }

    It 'refuses a row where UseTls is <Cell>' -ForEach @(
        @{ Cell = 'maybe'; Says = "*'UseTls'*'maybe' is neither True nor False*" }
        @{ Cell = ''; Says = "*'UseTls'*An empty value is neither True nor False*" }
        @{ Cell = $null; Says = "*'UseTls'*An empty value is neither True nor False*" }
        @{ Cell = 2; Says = "*'UseTls'*2 (System.Int32) is neither True nor False*" }
    ) {
        $row = [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $plain.Port; UseTls = $Cell }
        $more = if ($cmdlet -eq 'Send-EchoMessage') { @{ Message = 'hi' } } else { @{} }
        $call = Invoke-Call { $input | & $cmdlet @more } $row
        $call.Output | Should-BeNull
        $call.Ids | Should-BeString ParameterArgumentTransformationError
        $call.Texts[0] | Should-BeLikeString $Says
    }

    It 'refuses a row with a value for TLS that does not ask for it' -ForEach 'TlsHostName', 'TrustedCertificate' {
        $row = [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $plain.Port; $_ = @{ TlsHostName = 'x'; TrustedCertificate = $good }[$_] }
        $more = if ($cmdlet -eq 'Send-EchoMessage') { @{ Message = 'hi' } } else { @{} }
        $call = Invoke-Call { $input | & $cmdlet @more } $row
        $call.Output | Should-BeNull
        $call.Ids | Should-BeString ParameterRequired
        $call.Texts[0] | Should-BeLikeString "The input object has a value for $_, but does not ask for TLS.*"
    }
}

Describe 'The parameters for TLS of <_>' -ForEach $clients {
    BeforeAll {
        $script:cmdlet = $_
        $script:plain = Start-EchoServer -KeepListening -AsJob -Port 0
    }
    AfterAll { Close-Everything }

    It 'need -UseTls: <_>' -ForEach 'TlsHostName', 'TrustedCertificate', 'SkipCertificateCheck', 'CheckRevocation', 'ClientCertificate' {
        $with = @{ $_ = @{ TlsHostName = 'x'; TrustedCertificate = $good; SkipCertificateCheck = $true; CheckRevocation = $true; ClientCertificate = $someone }[$_] }
        { Invoke-Client $cmdlet ($with + @{ Port = $plain.Port }) } | Should-Throw "-$_ is for TLS: add -UseTls, or omit -$_." -FullyQualifiedErrorId 'ParameterRequired,*'
        { Invoke-Client $cmdlet ($with + @{ ComputerName = $plain }) } | Should-Throw -FullyQualifiedErrorId 'ParameterRequired,*' -Because 'the server of the job is without TLS'
        { Invoke-Client $cmdlet ($with + @{ Port = $plain.Port; UseTls = $false }) } | Should-Throw -FullyQualifiedErrorId 'ParameterRequired,*'
        $plain.TotalConnections | Should-Be 0
    }

    It 'are refused: <Why>' -ForEach @(
        @{ Why = 'all certificates and only some'; With = { @{ SkipCertificateCheck = $true; TrustedCertificate = $good } }; Id = 'ParameterConflict'; Says = '*-SkipCertificateCheck trusts every server, and -TrustedCertificate only some*' }
        @{ Why = 'no check and a further one'; With = { @{ SkipCertificateCheck = $true; CheckRevocation = $true } }; Id = 'ParameterConflict'; Says = '*-SkipCertificateCheck trusts every server, and -CheckRevocation does not*' }
        @{ Why = 'no trusted certificate'; With = { @{ TrustedCertificate = @() } }; Id = 'ParameterConflict'; Says = '*-TrustedCertificate names no certificate*' }
        @{ Why = 'null as a trusted certificate'; With = { @{ TrustedCertificate = $null } }; Id = 'ParameterArgumentTransformationError'; Says = "*'TrustedCertificate'*An empty value is not a certificate*" }
        @{ Why = 'text as a trusted certificate'; With = { @{ TrustedCertificate = 'ca.pem' } }; Id = 'ParameterArgumentTransformationError'; Says = "*'TrustedCertificate'*'ca.pem' is not a certificate*" }
        @{ Why = 'a client certificate without private key'; With = { @{ ClientCertificate = Get-PublicPart $someone } }; Id = 'ParameterArgumentTransformationError'; Says = "*'ClientCertificate'*'CN=someone' has no private key, which a client needs*" }
    ) {
        { Invoke-Client $cmdlet ((& $With) + @{ Port = $plain.Port; UseTls = $true }) } | Should-Throw $Says -FullyQualifiedErrorId "$Id,*"
        $plain.TotalConnections | Should-Be 0
    }
}

Describe 'A certificate that is <Kind>' -ForEach @(
    @{ Kind = 'expired'; Get = { New-Certificate localhost $forServer $authority -3 -1 }; Says = "The server's certificate \(CN=localhost\) expired on [-0-9]+ [:0-9]+ UTC\." }
    @{ Kind = 'not yet valid'; Get = { New-Certificate localhost $forServer $authority 1 2 }; Says = "The server's certificate \(CN=localhost\) is not valid before [-0-9]+ [:0-9]+ UTC\." }
    @{ Kind = 'for another name'; Get = { New-Certificate server1.example $forServer $authority -NoAddress }; Says = "The server's certificate is not for '127\.0\.0\.1', but for 'server1\.example'\." }
    @{ Kind = 'self-signed'; Get = { New-Certificate localhost $forServer }; Says = "The server's certificate \(CN=localhost\) is not trusted: its issuer \(CN=localhost\) is unknown\." }
    @{ Kind = 'from another authority'; Get = { New-Certificate localhost $forServer (New-Certificate 'another authority') }; Says = 'is not trusted: its issuer \(CN=another authority\) is unknown\.' }
    @{ Kind = 'for clients'; Get = { New-Certificate localhost $forClient $authority }; Says = "The server's certificate \(CN=localhost\) is not for a server: its extended key usage does not allow it\." }
    @{ Kind = 'made by the server'; Get = { $null }; Says = 'is not trusted: its issuer \(CN=localhost\) is unknown\.' }
) {
    BeforeAll {
        $certificate = & $Get
        $with = if ($certificate) { @{ Certificate = $certificate } } else { @{} }
        $script:server = Start-EchoServer -UseTls -KeepListening -AsJob -Port 0 @with -WarningAction SilentlyContinue
    }
    AfterAll { Close-Everything }

    It 'is refused by <_>, which says why, and the server gets no message' -ForEach $clients {
        foreach ($trust in @{ TrustedCertificate = $authority }, @{}) {
            $call = Invoke-Call { Invoke-Client $_ (@{ Port = $server.Port; UseTls = $true } + $trust) }
            $told = if ($_ -eq 'Test-EchoServer') {
                $call.Output.FailedStage | Should-BeString Tls
                $call.Output.Reason
            }
            else {
                $call.Ids | Should-BeString AuthenticationFailed
                $call.Texts[0]
            }
            if ($trust.Count) {
                $told | Should-MatchString $Says
            }
            else {
                $told | Should-MatchString "The server's certificate" -Because 'this computer does not trust its issuer'
            }
        }
        Wait-Until { $server.ActiveConnections -eq 0 }
        $server.BytesReceived | Should-Be 0
    }

    It 'is an error of the category AuthenticationError, with the server as its target' {
        $problem = { Send-EchoMessage hi -Port $server.Port -UseTls } | Should-Throw -FullyQualifiedErrorId 'AuthenticationFailed,*'
        $problem.CategoryInfo.Category | Should-Be AuthenticationError
        $problem.TargetObject | Should-BeString "127.0.0.1:$($server.Port)"
    }

    It 'is accepted by <_> with -SkipCertificateCheck' -ForEach @($clients | Where-Object { $_ -ne 'Enter-EchoSession' }) {
        Test-Client $_ @{ Port = $server.Port; UseTls = $true; SkipCertificateCheck = $true } | Should-BeTrue
    }
}

Describe 'A certificate that names no place to ask whether it is revoked' {
    It 'is refused by <_> with -CheckRevocation, which says why' -ForEach $clients {
        $server = Start-EchoServer -UseTls -KeepListening -AsJob -Port 0 -Certificate $good
        $call = Invoke-Call { Invoke-Client $_ @{ Port = $server.Port; UseTls = $true; TrustedCertificate = $authority; CheckRevocation = $true } }
        "$($call.Ids)$($call.Output.FailedStage)" | Should-MatchString '^(AuthenticationFailed|Tls)'
        "$($call.Texts)$($call.Output.Reason)" | Should-MatchString "The server's certificate \(CN=localhost\) may be revoked: that could not be checked"
        Close-Everything
    }
}

Describe 'A plain server' {
    It 'is refused by <_>, which says why' -ForEach $clients {
        $server = Start-EchoServer -KeepListening -AsJob -Port 0
        $call = Invoke-Call { Invoke-Client $_ @{ ComputerName = $server; UseTls = $true; SkipCertificateCheck = $true } }
        "$($call.Texts)$($call.Output.Reason)" | Should-MatchString 'The server does not speak TLS: it sent the client''s own handshake back, as an echo server without TLS does\.'
        Close-Everything
    }
}

Describe 'A server with -RequireClientCertificate' {
    AfterEach { Close-Everything }

    It 'serves <_> that has a certificate, trusted by issuer, by itself, by thumbprint, or by one of several' -ForEach @($clients | Where-Object { $_ -ne 'Enter-EchoSession' }) {
        foreach ($trust in $authority, $someone, (Get-Sha256 $someone), @($good, ((Get-Sha256 $someone) -replace '..(?!$)', '$0:'))) {
            $server = Start-EchoServer -UseTls -RequireClientCertificate -TrustedClient $trust -KeepListening -AsJob -Port 0
            Test-Client $_ @{ ComputerName = $server; ClientCertificate = $someone } | Should-BeTrue -Because "$trust"
        }
    }

    It 'refuses a client <Kind>, and says why' -ForEach @(
        @{ Kind = 'without a certificate'; Get = { $null }; Says = 'The client showed no certificate, which this server requires.' }
        @{ Kind = 'whose certificate comes from another authority'; Get = { New-Certificate other $forClient (New-Certificate 'another authority') }; Says = "The client's certificate (CN=other) is not trusted: its issuer (CN=another authority) is unknown." }
        @{ Kind = 'whose certificate is for servers'; Get = { $good }; Says = "The client's certificate (CN=localhost) is not for a client: its extended key usage does not allow it." }
        @{ Kind = 'whose certificate has expired'; Get = { New-Certificate old $forClient $authority -3 -1 }; Says = "The client's certificate (CN=old) expired on *" }
        @{ Kind = 'whose certificate is not trusted without -TrustedClient'; Get = { $someone }; Trust = @{}; Says = "The client's certificate (CN=someone) is not trusted: *" }
    ) {
        $trusted = if ($Trust) { $Trust } else { @{ TrustedClient = $authority } }
        $server = Start-EchoServer -UseTls -RequireClientCertificate @trusted -KeepListening -AsJob -Port 0
        $certificate = & $Get
        $with = if ($certificate) { @{ ClientCertificate = $certificate } } else { @{} }
        # The client's own handshake is complete before the server checks. On Linux the server then sends no alert.
        $problem = { Send-EchoMessage hi -ComputerName $server @with -WarningAction SilentlyContinue -ErrorAction Stop } | Should-Throw
        $problem.FullyQualifiedErrorId | Should-MatchString '^(ConnectionClosedEarly|ConnectionReset|AuthenticationFailed),'
        Wait-Until { $server.ActiveConnections -eq 0 }
        Stop-Job $server
        $connection = Receive-Job $server
        $connection.EndReason | Should-BeString Faulted
        $connection.Detail | Should-BeLikeString $Says
        $connection.BytesReceived | Should-Be 0
    }

    It 'gets a warning with a client certificate that has expired' {
        $old = New-Certificate old $forClient $authority -3 -1
        $null = Invoke-Call { Test-EchoServer -Port 1 -UseTls -ClientCertificate $old -WarningVariable script:warned -WarningAction SilentlyContinue }
        "$warned" | Should-BeLikeString "The certificate 'CN=old' expired on *UTC. A server that checks it refuses it."
    }
}

Describe 'What the results say of TLS' {
    BeforeAll {
        $authority100 = New-Certificate 'an authority' -ToDays 100
        $script:long = New-Certificate localhost $forServer $authority100 -1 60
        $script:server = Start-EchoServer -UseTls -KeepListening -AsJob -Port 0 -Certificate $long
        $script:to = @{ Port = $server.Port; UseTls = $true; TrustedCertificate = $authority100 }
    }
    AfterAll { Close-Everything }

    It 'is the same from <_>' -ForEach 'Send-EchoMessage', 'Test-EchoServer', 'Measure-EchoServer' {
        $more = @{ 'Send-EchoMessage' = @{ Message = 'hi'; Detailed = $true }; 'Test-EchoServer' = @{ Detailed = $true }; 'Measure-EchoServer' = @{ Count = 3 } }[$_]
        $live = & $_ @more @to
        foreach ($result in $live, (Copy-BySerialization $live)) {
            $result.TlsProtocol | Should-MatchString '^Tls1[23]$'
            if ($PSVersionTable.PSEdition -eq 'Core') { $result.TlsCipherSuite | Should-MatchString '^TLS_[A-Z0-9_]+$' }
            $result.TlsMilliseconds | Should-BeGreaterThan 0
            [double] $result.TlsTime.Ticks / 10000 | Should-Be $result.TlsMilliseconds
            $result.CertificateSubject, $result.CertificateIssuer, "$($result.CertificateNames)" -join '; ' | Should-BeString 'CN=localhost; CN=an authority; localhost 127.0.0.1'
            $result.CertificateNotBefore | Should-Be $long.NotBefore.ToUniversalTime()
            $result.CertificateNotAfter | Should-Be $long.NotAfter.ToUniversalTime()
            $result.CertificateNotAfter.Kind | Should-Be 'Utc'
            $result.CertificateThumbprint | Should-BeString (Get-Sha256 $long)
        }
    }

    It 'is a stage of a path, with its time, and a warning of a certificate only if that expires within 30 days' {
        $report = Test-EchoServer @to -Detailed -WarningVariable warned
        $report.Success | Should-BeTrue
        $report.TlsMilliseconds | Should-BeGreaterThan 0
        $report.Warning, "$warned" -join '' | Should-BeString ''

        $soon = Start-EchoServer -UseTls -KeepListening -AsJob -Port 0 -Certificate $good
        $report = Test-EchoServer -Port $soon.Port -UseTls -TrustedCertificate $authority -Detailed -WarningVariable warned -WarningAction SilentlyContinue
        $report.Success | Should-BeTrue
        $report.Warning | Should-BeLikeString "The server's certificate (CN=localhost) expires within 30 days: at *Z."
        "$warned" | Should-BeString $report.Warning
    }

    It 'is told in the verbose stream, without the control characters of a certificate' {
        $evil = New-Certificate localhost $forServer -Subject "CN=`"a$([char] 27)[31mb`""
        $server = Start-EchoServer -UseTls -KeepListening -AsJob -Port 0 -Certificate $evil -Verbose 4> $null
        $told = & {
            $server | Send-EchoMessage -Message hi -Detailed -Verbose 4>&1 | Out-String
            $server | Test-EchoServer -Detailed 3>&1 | Format-List | Out-String
            $server | Test-EchoServer -Detailed 3>&1 | Format-Table | Out-String
            try { Send-EchoMessage hi -Port $server.Port -UseTls } catch { "$_" }
        }
        "$told" | Should-MatchString 'Tls1[23], .*handshake .*; the server''s certificate is CN=a\\u001B\[31mb, SHA-256 thumbprint [0-9A-F]{64}\.'
        "$told".Contains("$([char] 27)[31mb") | Should-BeFalse
        [regex]::Matches("$told", '\\u001B\[31mb').Count | Should-BeGreaterThan 4
    }
}
