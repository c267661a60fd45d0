<#
.SYNOPSIS
    Writes every view of every result, for the screen that it runs on, to a file: good results and bad ones, with long names.
.EXAMPLE
    script -qec 'stty cols 80 rows 50; dotnet tool exec powershell --yes -- -NoProfile -File tests/Pester/Views/Write-Views.ps1 tests/Pester/Views/80.txt' /dev/null

    Renews the text that Views.Tests.ps1 compares with, after a view was changed on purpose. Look at the difference.
#>
param([Parameter(Mandatory)] [string] $Path)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../../EchoSocket.psd1"
[Console]::OutputEncoding = [Text.Encoding]::UTF8
[cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture
if (Get-Variable PSStyle -ErrorAction Ignore) {
    $PSStyle.OutputRendering = 'PlainText'
}

function Get-Duration([double] $Milliseconds) {
    [timespan]::FromTicks($Milliseconds * 10000)
}

function New-Injected($Fault, [long] $AtByte, [timespan] $Time, [long] $Count) {
    $flags = [Reflection.BindingFlags] 'Instance, NonPublic'
    $injected = [EchoSocket.InjectedFault].GetConstructors($flags)[0].Invoke(@($Fault.PSObject.BaseObject, $AtByte, $Time))
    [EchoSocket.InjectedFault].GetProperty('Count').SetValue($injected, $Count)
    $injected
}

$time = [datetime]::new(2026, 1, 2, 3, 4, 5, [DateTimeKind]::Utc)
$long = 'a-long-name.of-a-computer.somewhere.in-the-east.example.com'
$ipv6 = '[2001:db8:85a3:8d3:1319:8a2e:370:7348]:65535'

$connections = @(
    @{ RemoteEndPoint = '127.0.0.1:50462'; BytesReceived = 11; BytesSent = 11; EndReason = 'PeerClosed'; Duration = Get-Duration 83 }
    @{ RemoteEndPoint = '192.168.100.100:65535'; EndReason = 'PeerReset'; Duration = Get-Duration 0.0123 }
    @{
        RemoteEndPoint = $ipv6; BytesReceived = 1234567890123; BytesSent = 1234567890000; EndReason = 'IdleTimeout'; Duration = Get-Duration 90061001
        Detail = '1,234,567 bytes of replies were not taken. 123 bytes from the client were not answered.'; ReceivedBytes = [byte[]] (0, 255, 97)
    }
) | ForEach-Object { [EchoSocket.EchoConnection][EchoSocket.ConnectionResult] ($_ + @{ StartTime = $time; LocalEndPoint = '127.0.0.1:8081' }) }

$faults = @(
    New-EchoFault -Delay 1500 -Jitter 250 -Probability 0.125 -OnConnection 1, 3, 100000
    New-EchoFault -Slice 1 -Delay 5
    New-EchoFault -HalfClose -AfterBytes 1234567890123
    New-EchoFault -RefuseConnection -OnConnection 2
)
# What a server has injected, with the same numbers on every run.
$faulty = New-Object EchoSocket.EchoConnection ([EchoSocket.ConnectionResult]@{
        StartTime = $time; Connection = 3; LocalEndPoint = '127.0.0.1:8081'; RemoteEndPoint = $ipv6; EndReason = 'Faulted'; Detail = 'As asked, the server resets after 3 bytes.'
        Faults = [EchoSocket.InjectedFault[]] @(
            @{ Fault = $faults[1]; Time = Get-Duration 0.5; Count = 1234567 }
            @{ Fault = $faults[2]; AtByte = 1234567890123; Time = Get-Duration 90061001; Count = 1 }
        ).ForEach({ New-Injected @_ })
    })

$tls = [EchoSocket.TlsDetails]@{
    Protocol = 'Tls13'; CipherSuite = 'TLS_AES_256_GCM_SHA384'; HandshakeTime = Get-Duration 3.1; Subject = "CN=$long"; Issuer = "CN=an authority`n"
    Names = $long, '*.example.com', '2001:db8:85a3:8d3:1319:8a2e:370:7348'; NotBefore = $time; NotAfter = $time.AddDays(20)
    Thumbprint = '0123456789ABCDEF' * 4
}

$replies = @(
    [EchoSocket.EchoReply]@{ Message = 'hello'; Reply = 'HELLO'; ByteCount = 5; RoundTripMilliseconds = 0.0286; RemoteEndPoint = '127.0.0.1:8081' }
    [EchoSocket.EchoReply]@{ Message = 'a' * 200; Reply = 'A' * 200; ByteCount = 200; RoundTripMilliseconds = 12.5; RemoteEndPoint = '192.168.100.100:65535' }
    [EchoSocket.EchoReply]@{ Message = "two`nlines"; Reply = "TWO`nLINES"; ByteCount = 9; RoundTripMilliseconds = 3200; RemoteEndPoint = $ipv6 }
    [EchoSocket.EchoReply]::new($tls)
)
$bytesReplies = @(
    [EchoSocket.EchoBytesReply]@{ MessageHex = '00FF61'; ReplyHex = '00FF41'; ByteCount = 3; RoundTripMilliseconds = 0.0286; RemoteEndPoint = '127.0.0.1:8081' }
    [EchoSocket.EchoBytesReply]@{ MessageHex = '61' * 200; ReplyHex = '41' * 200; ByteCount = 200; RoundTripMilliseconds = 12.5; RemoteEndPoint = $ipv6 }
)
$replies + $bytesReplies | ForEach-Object { $_.Time = $time; $_.LocalEndPoint = '127.0.0.1:50462' }

$attempts = @(
    [EchoSocket.PathAttempt]@{ EndPoint = $ipv6; Time = Get-Duration 250.1; Error = 'timed out' }
    [EchoSocket.PathAttempt]@{ EndPoint = '192.168.100.100:65535'; Time = Get-Duration 0.15; Error = 'refused' }
)
$reports = @(
    @{
        ComputerName = 'server1'; Port = 7; Success = $true; Addresses = '127.0.0.1'; Attempts = [EchoSocket.PathAttempt]@{ EndPoint = '127.0.0.1:7'; Time = Get-Duration 0.15 }
        ResolveTime = Get-Duration 1.5; ConnectTime = Get-Duration 0.15; FirstByteTime = Get-Duration 0.0712; EchoTime = Get-Duration 0.0713
    }
    @{
        ComputerName = $long; Port = 65535; FailedStage = 'Connect'; Reason = 'refused'; Addresses = '2001:db8:85a3:8d3:1319:8a2e:370:7348', '192.168.100.100'
        Attempts = $attempts; ResolveTime = Get-Duration 12.5
    }
    @{ ComputerName = 'no-such-host.invalid'; Port = 7; FailedStage = 'Resolve'; Reason = 'the name has no address' }
    @{
        ComputerName = "$long.and-of-another-one.example.com"; Port = 80; FailedStage = 'Echo'; ResolveTime = Get-Duration 12.5; ConnectTime = Get-Duration 20
        FirstByteTime = Get-Duration 21.5; Reason = 'answered something else; the first wrong byte is at offset 12 of 64'
    }
    @{
        ComputerName = 'server3'; Port = 443; Success = $true; ConnectTime = Get-Duration 0.15; TlsTime = Get-Duration 3.1; Tls = $tls
        FirstByteTime = Get-Duration 0.0712; EchoTime = Get-Duration 0.0713
        Warning = "The server's certificate (CN=$long) expires within 30 days: at 2026-01-22 03:04:05Z."
    }
    @{
        ComputerName = 'server4'; Port = 7; Udp = $true; Success = $true; Addresses = '127.0.0.1'; Attempts = [EchoSocket.PathAttempt]@{ EndPoint = '127.0.0.1:7'; Time = Get-Duration 0.0713 }
        ResolveTime = Get-Duration 1.5; FirstByteTime = Get-Duration 0.0713; EchoTime = Get-Duration 0.0713
    }
) | ForEach-Object { [EchoSocket.EchoPathReport][EchoSocket.PathReport] ($_ + @{ StartTime = $time }) }

$errors = New-Object 'Collections.Generic.Dictionary[string,long]'
$errors['ConnectionReset'] = 12
$errors['OperationTimeout'] = 3
$refused = New-Object 'Collections.Generic.Dictionary[string,long]'
$refused['ConnectionRefused'] = 1
$statistics = @(
    @{
        ComputerName = 'server1'; Port = 7; Connections = 1; InFlight = 1; MessageSize = 32; Sent = 1000; Received = 1000; Duration = Get-Duration 72.8
        Tls = $tls; TlsTime = Get-Duration 3.1; MessagesPerSecond = 13733.25; BytesPerSecond = 439464; Minimum = Get-Duration 0.0152; Mean = Get-Duration 0.0716; P50 = Get-Duration 0.0699
    }
    @{
        ComputerName = $long; Port = 65535; Connections = 30; InFlight = 100; MessageSize = 65536; Rate = 1234567.5; Sent = 1234567890; Received = 1233333333; Lost = 1234557
        Duration = Get-Duration 3600000; MessagesPerSecond = 1234567.5; BytesPerSecond = 80908615680; Minimum = Get-Duration 0.0152; Errors = $errors
        Mean = Get-Duration 12.5; P50 = Get-Duration 0.286; Detail = '192.168.100.100:65535 reset the connection. 5 of 65,536 bytes had come.'
    }
    @{ ComputerName = 'server2'; Port = 8081; Errors = $refused; Detail = 'Nobody listens on server2:8081.' }
) | ForEach-Object {
    $result = [EchoSocket.MeterResult] ($_ + @{ StartTime = $time })
    if ($result.Received) {
        $result.ConnectTime = Get-Duration 0.136
        $result.StandardDeviation = Get-Duration 0.0168
        $result.P90 = Get-Duration 0.999
        $result.P99 = Get-Duration 119
        $result.P999 = Get-Duration 3740
        $result.Maximum = Get-Duration 4310
        $result.Histogram = @(
            [EchoSocket.HistogramBucket]@{ FromMicroseconds = 14.125; ToMicroseconds = 14.962; Count = [long] ($result.Received / 4) }
            [EchoSocket.HistogramBucket]@{ FromMicroseconds = 281.838; ToMicroseconds = 298.538; Count = [long] ($result.Received / 2) }
            [EchoSocket.HistogramBucket]@{ FromMicroseconds = 3981071.706; ToMicroseconds = 4216965.034; Count = 3 }
        )
    }
    [EchoSocket.EchoStatistics] $result
}

$target = @{ ComputerName = $long; Port = 65535 }
$probes = @(
    @{ ComputerName = 'server1'; Port = 7; Success = $true; RoundTripTime = Get-Duration 0.0713; ConnectTime = Get-Duration 0.15 }
    $target + @{ Udp = $true; Success = $true; RoundTripTime = Get-Duration 1234 }
    $target + @{ FailedStage = 'Echo'; Reason = 'answered something else; the first wrong byte is at offset 12 of 64' }
) | ForEach-Object { [EchoSocket.EchoProbe][EchoSocket.WatchProbe] ($_ + @{ Time = $time.AddMilliseconds(67) }) }
$outages = @(
    @{ ComputerName = 'server1'; Port = 7; End = $time.AddSeconds(3); Duration = Get-Duration 3000; ProbesLost = 3; FailedStage = 'Connect'; Reason = 'refused' }
    $target + @{ Duration = Get-Duration 90061001; ProbesLost = 1234567; FailedStage = 'Connect'; Reason = 'timed out' }
) | ForEach-Object { [EchoSocket.EchoOutage][EchoSocket.WatchOutage] ($_ + @{ Start = $time }) }
$summaries = @(
    @{
        ComputerName = 'server1'; Port = 7; Duration = Get-Duration 60000; Probes = 60; Lost = 3; Minimum = Get-Duration 0.0152; Mean = Get-Duration 0.0716; P50 = Get-Duration 0.0699
        P99 = Get-Duration 0.119; Maximum = Get-Duration 0.431; Jitter = Get-Duration 0.0123; Outages = 2; OutageTime = Get-Duration 3000; LongestOutage = Get-Duration 2000
    }
    $target + @{
        Udp = $true; Duration = Get-Duration 86400000; Probes = 86400; Lost = 86400; Outages = 1; OutageTime = Get-Duration 86400000; LongestOutage = Get-Duration 86400000
        OpenOutage = [EchoSocket.WatchOutage]@{ Start = $time; FailedStage = 'Echo'; Reason = 'timed out; no reply came' }
    }
    @{
        ComputerName = 'server2'; Port = 8081; Duration = Get-Duration 86400000; Probes = 86400; Lost = 10; Outages = 1; OutageTime = Get-Duration 10000; LongestOutage = Get-Duration 10000
        Minimum = Get-Duration 1; Mean = Get-Duration 1; P50 = Get-Duration 1; P99 = Get-Duration 119; Maximum = Get-Duration 4310; Jitter = Get-Duration 12.5
    }
) | ForEach-Object { [EchoSocket.EchoWatchSummary][EchoSocket.WatchResult] ($_ + @{ StartTime = $time }) }
$udp = @(
    @{
        ComputerName = 'server1'; Port = 7; Connections = 1; InFlight = 10000; Rate = 50; MessageSize = 200; DontFragment = $true; Sent = 3000; Received = 2990; Lost = 8; Late = 2; Duplicated = 5; Reordered = 3
        LongestLossRun = 4; Jitter = Get-Duration 0.0123; Duration = Get-Duration 60000; MessagesPerSecond = 49.8; BytesPerSecond = 9966.7
    }
    @{
        ComputerName = $long; Port = 65535; Connections = 30; InFlight = 100; MessageSize = 1472; Sent = 1234567890; Received = 1230000000; Lost = 4567000; Late = 890; Duplicated = 123456; Reordered = 1234567
        LongestLossRun = 45678; Jitter = Get-Duration 123.4; Duration = Get-Duration 3600000; Errors = $errors; Detail = '192.168.100.100:65535 sent a datagram that no echo server would send.'
        MessagesPerSecond = 341666.7; BytesPerSecond = 502933333
    }
    @{ ComputerName = 'server2'; Port = 8081; FailedSockets = 1; Errors = $refused; Detail = 'Nothing listens on server2:8081 over UDP.' }
) | ForEach-Object {
    $result = [EchoSocket.UdpMeterResult] ($_ + @{ StartTime = $time })
    if ($result.Received) {
        $result.Minimum = Get-Duration 0.0152
        $result.Mean = Get-Duration 12.5
        $result.StandardDeviation = Get-Duration 0.0168
        $result.P50 = Get-Duration 0.286
        $result.P90 = Get-Duration 0.999
        $result.P99 = Get-Duration 119
        $result.P999 = Get-Duration 3740
        $result.Maximum = Get-Duration 4310
        $result.Histogram = @([EchoSocket.HistogramBucket]@{ FromMicroseconds = 281.838; ToMicroseconds = 298.538; Count = $result.Received })
    }
    [EchoSocket.EchoUdpStatistics] $result
}
$mtus = @(
    @{ ComputerName = 'server1'; Port = 7; RemoteEndPoint = '192.168.100.100:7'; MaxMessageSize = 1472; PathMtu = 1500; Probes = 3; Lost = 1; Duration = Get-Duration 12.5 }
    @{
        ComputerName = $long; Port = 65535; RemoteEndPoint = $ipv6; MaxMessageSize = 1024; PathMtu = 1072; Probes = 57; Lost = 40; Duration = Get-Duration 45000
        Detail = 'Of a message of 1,252 bytes only 1,024 came back.'
    }
    @{ ComputerName = 'server2'; Port = 8081; Probes = 3; Lost = 3; Duration = Get-Duration 3000; Detail = 'No reply came from server2:8081.' }
) | ForEach-Object { [EchoSocket.EchoPathMtu][EchoSocket.PathMtuResult] ($_ + @{ StartTime = $time }) }

# At a terminal PowerShell leaves the last column empty; Out-String by itself does not.
$columns = $Host.UI.RawUI.BufferSize.Width - 1

$peers = @(
    @{ RemoteEndPoint = '127.0.0.1:50462'; Messages = 11; Bytes = 22 }
    @{ RemoteEndPoint = $ipv6; Messages = 1234567890123; Bytes = 1234567890000 }
) | ForEach-Object { [EchoSocket.EchoUdpPeer] ($_ + @{ FirstSeen = $time; LastSeen = $time.AddHours(30) }) }
$summary = [EchoSocket.EchoUdpSummary]::new($peers)
$summary.Time = $time
$summary.LocalEndPoints = [EchoSocket.ResultList]::new(@($ipv6, '127.0.0.1:65535'))
$summary.DurationMilliseconds = 90061001
$summary.MessagesReceived = $summary.MessagesSent = 1234567890123
$summary.RefusedMessages = 12345678

# A free port has five digits, but which?
$job = Start-EchoServer -AsJob -Port 0 -Name 'a-long-name-of-a-server-in-the-background'
$udpJob = Start-EchoServer -Udp -AsJob -Port 0 -Name 'a-long-name-of-a-server-in-the-background'

$(
    foreach ($view in @(
            @{ Name = 'Connections'; Output = { $connections } }
            @{ Name = 'Connections as a list'; Output = { $connections[2] | Format-List } }
            @{ Name = 'Connections with faults as a list'; Output = { $faulty | Format-List } }
            @{ Name = 'Faults of a connection'; Output = { $faulty.Faults } }
            @{ Name = 'Faults'; Output = { $faults } }
            @{ Name = 'Jobs'; Output = { ($job | Out-String -Stream -Width $columns) -replace ':\d{5}', ':#####' } }
            @{ Name = 'UDP jobs'; Output = { ($udpJob | Out-String -Stream -Width $columns) -replace ':\d{5}', ':#####' } }
            @{ Name = 'UDP summaries'; Output = { $summary } }
            @{ Name = 'UDP summaries as a list'; Output = { $summary | Format-List } }
            @{ Name = 'UDP peers'; Output = { $peers } }
            @{ Name = 'Replies'; Output = { $replies[0..2] } }
            @{ Name = 'Replies as a list'; Output = { $replies[1..3] | Format-List } }
            @{ Name = 'Replies of bytes'; Output = { $bytesReplies } }
            @{ Name = 'Path reports'; Output = { $reports } }
            @{ Name = 'Path reports as a list'; Output = { $reports[1, 4, 5] | Format-List } }
            @{ Name = 'Attempts to connect'; Output = { $reports[1].Attempts } }
            @{ Name = 'Statistics'; Output = { $statistics } }
            @{ Name = 'Statistics as a table'; Output = { $statistics | Format-Table } }
            @{ Name = 'Statistics as a list'; Output = { $statistics[1, 2] | Format-List } }
            @{ Name = 'Statistics of UDP'; Output = { $udp } }
            @{ Name = 'Statistics of UDP as a table'; Output = { $udp | Format-Table } }
            @{ Name = 'Statistics of UDP as a list'; Output = { $udp[1, 2] | Format-List } }
            @{ Name = 'Path MTUs'; Output = { $mtus } }
            @{ Name = 'Path MTUs as a list'; Output = { $mtus[1] | Format-List } }
            @{ Name = 'Buckets of a histogram'; Output = { $statistics[0].Histogram } }
            @{ Name = 'Probes'; Output = { $probes } }
            @{ Name = 'Probes as a list'; Output = { $probes[0, 2] | Format-List } }
            @{ Name = 'Outages'; Output = { $outages } }
            @{ Name = 'Outages as a list'; Output = { $outages | Format-List } }
            @{ Name = 'Summaries of a watch'; Output = { $summaries } }
            @{ Name = 'Summaries of a watch as a list'; Output = { $summaries[1, 2] | Format-List } }
        )) {
        "=== $($view.Name)"
        & $view.Output | Out-String -Stream -Width $columns | ForEach-Object TrimEnd | Where-Object { $_ }
    }
) | Set-Content $Path -Encoding UTF8
Remove-Job $job, $udpJob -Force
