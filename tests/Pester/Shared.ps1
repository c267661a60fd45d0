# What the test files share; each dot-sources it in its BeforeAll.

Import-Module "$PSScriptRoot/../../EchoSocket.psd1"

$script:manifest = (Get-Module EchoSocket).Path
$script:processes = [Collections.Generic.List[Diagnostics.Process]]::new()

# Polls until the condition holds, with a time limit.
function Wait-Until([scriptblock] $Condition) {
    if (-not [Threading.SpinWait]::SpinUntil([Func[bool]] $Condition, 30000)) {
        throw "Not within 30 seconds: $Condition"
    }
}

# The port in a verbose message of Start-EchoServer.
function Get-ToldPort([string] $Message) {
    [int] ($Message -replace '(?s)^.*:(\d+)\..*$', '$1')
}

# The results of a server's job, once it has ended.
function Receive-Server($Job) {
    if (-not (Wait-Job $Job -Timeout 30)) {
        throw "$($Job.Name) still runs after 30 seconds."
    }
    Receive-Job $Job
}

# What a call writes, and the ids and texts of its errors.
function Invoke-Call([scriptblock] $Call, [object[]] $Objects) {
    $all = . { try { $Objects | & $Call 2>&1 } catch { $_ } }
    $output, $problems = @($all).Where({ $_ -isnot [Management.Automation.ErrorRecord] }, 'Split')
    [pscustomobject]@{
        Output = @($output)
        Ids    = @($problems | ForEach-Object { $_.FullyQualifiedErrorId -replace ',.*' })
        Texts  = @($problems | ForEach-Object { "$_" })
    }
}

# The copy of an object that remoting would return.
function Copy-BySerialization($Object) {
    [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($Object))
}

# Starts a server in a runspace of its own, because without -AsJob it blocks its prompt.
function Open-Prompt([scriptblock] $Script = { Start-EchoServer -Port 0 -Verbose }) {
    $state = [initialsessionstate]::CreateDefault()
    $state.ImportPSModule($manifest)
    $shell = [powershell]::Create($state).AddScript($Script)
    $running = $shell.BeginInvoke()
    Wait-Until { $shell.Streams.Verbose.Count -or $running.IsCompleted }
    if ($running.IsCompleted) {
        $shell.EndInvoke($running)
    }

    [pscustomobject]@{
        Port    = Get-ToldPort $shell.Streams.Verbose[0].Message
        Shell   = $shell
        Running = $running
    }
}

# Waits until the prompt is back, and returns its output.
function Receive-Prompt($Prompt) {
    if (-not $Prompt.Running.AsyncWaitHandle.WaitOne(30000)) {
        throw "The server on port $($Prompt.Port) still runs after 30 seconds."
    }
    $Prompt.Shell.EndInvoke($Prompt.Running)
    $Prompt.Shell.Dispose()
}

# A plain socket as a client. Every call on it has a time limit.
function Connect-Socket([int] $Port) {
    $socket = [Net.Sockets.Socket]::new([Net.Sockets.SocketType]::Stream, [Net.Sockets.ProtocolType]::Tcp)
    $socket.ReceiveTimeout = $socket.SendTimeout = 30000
    $socket.Connect('127.0.0.1', $Port)
    $socket
}

# Sends a byte and reads its echo, which shows that the server serves this client.
function Invoke-Echo($Socket) {
    $buffer = [byte[]] 97
    $null = $Socket.Send($buffer)
    if ($Socket.Receive($buffer) -ne 1 -or $buffer[0] -ne 65) {
        throw "The server sent back $buffer."
    }
}

# Reads the server's FIN; a reset throws.
function Receive-End($Socket) {
    if ($Socket.Receive([byte[]]::new(1)) -ne 0) {
        throw 'There was more to read.'
    }
    $Socket.Dispose()
}

# The same PowerShell as a process of its own, with the module; its input and output are the caller's. With -Terminal it runs
# at a terminal, whose keyboard and screen are the caller's (see Wait-Terminal).
function Open-PowerShell([string] $Path, [scriptblock] $Script, [string] $Limit, [switch] $Terminal) {
    Set-Content $Path "Import-Module '$manifest'`n$Script" -Encoding UTF8
    $program = (Get-Process -Id $PID).Path
    $arguments = "-NoProfile -ExecutionPolicy Bypass -File `"$Path`""
    if ((Split-Path $program -Leaf) -like 'dotnet*') {
        $arguments = "`"$PSHOME/pwsh.dll`" $arguments"
    }
    if ($Limit) {
        $arguments = "-c `"$Limit; exec $program $($arguments -replace '"', '\"')`""
        $program = 'bash'
    }
    if ($Terminal) {
        $arguments = "-qec `"$program $($arguments -replace '"', '\"')`" /dev/null"
        $program = 'script'
    }

    $start = [Diagnostics.ProcessStartInfo]::new($program, $arguments)
    $start.UseShellExecute = $false
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
    $process = [Diagnostics.Process]::Start($start)
    $processes.Add($process)
    $process
}

# Shows what a process writes to its terminal, until the condition holds: of $screen, all that was written so far. The process
# asks the terminal where the cursor is, and waits for an answer.
function Wait-Terminal($Process, [scriptblock] $Condition) {
    $screen = "$($Process.Screen)"
    $reading = $Process.Reading
    $buffer = $Process.Buffer
    $limit = [Diagnostics.Stopwatch]::StartNew()
    while (-not (& $Condition)) {
        if ($limit.Elapsed.TotalSeconds -gt 30) {
            throw "Not within 30 seconds at the terminal: $Condition`n$screen"
        }
        if (-not $reading) {
            $buffer = [char[]]::new(1024)
            $reading = $Process.StandardOutput.ReadAsync($buffer, 0, $buffer.Length)
        }
        if ($reading.Wait(20)) {
            $asked = [regex]::Matches($screen, '\x1B\[6n').Count
            $screen += [string]::new($buffer, 0, $reading.Result)
            $reading = $null
            $Process.StandardInput.Write("$([char] 27)[1;1R" * ([regex]::Matches($screen, '\x1B\[6n').Count - $asked))
        }
    }
    $Process | Add-Member -Force @{ Screen = $screen; Reading = $reading; Buffer = $buffer }
}

# Ends what a test has started and not removed.
function Close-Everything {
    Get-Job | Remove-Job -Force
    foreach ($process in $processes) {
        if (-not $process.HasExited) {
            $process.Kill()
        }
    }
    $processes.Clear()
}

# The first line of a process's output that matches.
function Read-Line($Process, [string] $Pattern) {
    do {
        $line = $Process.StandardOutput.ReadLineAsync()
        if (-not $line.Wait(30000) -or $null -eq $line.Result) {
            throw "The process wrote no line like $Pattern."
        }
    } until ($line.Result -match $Pattern)
    $line.Result
}

# Waits for the end of a process, and returns its output.
function Receive-Process($Process) {
    $Process.StandardInput.Close()
    $output = $Process.StandardOutput.ReadToEndAsync()
    if (-not $output.Wait(60000)) {
        $Process.Kill()
        throw 'The process still runs after a minute.'
    }
    $output.Result
}
