# What the test files share; each dot-sources it in its BeforeAll.

Import-Module "$PSScriptRoot/../../EchoSocket.psd1"

# Waits for a condition that something else brings about, but never for ever.
function Wait-Until([scriptblock] $Condition) {
    if (-not [Threading.SpinWait]::SpinUntil([Func[bool]] $Condition, 30000)) {
        throw "Not within 30 seconds: $Condition"
    }
}

# What a server's job says of the connections that have ended, once the job itself has ended.
function Receive-Connection($Server) {
    if (-not (Wait-Job $Server -Timeout 30)) {
        throw "The server on port $($Server.Port) still runs after 30 seconds."
    }
    Receive-Job $Server
}

# A server that holds its prompt, as it does without -AsJob: in a runspace of its own.
function Open-PromptServer([hashtable] $Parameters = @{}) {
    $state = [initialsessionstate]::CreateDefault()
    $state.ImportPSModule((Get-Module EchoSocket).Path)
    $shell = [powershell]::Create($state).AddCommand('Start-EchoServer').AddParameter('Port', 0).AddParameter('Verbose').AddParameters($Parameters)
    $running = $shell.BeginInvoke()
    Wait-Until { $shell.Streams.Verbose.Count -or $running.IsCompleted }
    if ($running.IsCompleted) {
        $shell.EndInvoke($running)
    }

    [pscustomobject]@{
        Port    = [int] ($shell.Streams.Verbose[0].Message -replace '^.*:(\d+)\.$', '$1')
        Shell   = $shell
        Running = $running
    }
}

# Waits until the server's prompt is back; what it wrote.
function Receive-PromptServer($Server) {
    if (-not $Server.Running.AsyncWaitHandle.WaitOne(30000)) {
        throw "The server on port $($Server.Port) still runs after 30 seconds."
    }
    $Server.Shell.EndInvoke($Server.Running)
    $Server.Shell.Dispose()
}

# A client that is just a socket; no call on it waits for ever.
function Connect-Socket([int] $Port) {
    $socket = [Net.Sockets.Socket]::new([Net.Sockets.SocketType]::Stream, [Net.Sockets.ProtocolType]::Tcp)
    $socket.ReceiveTimeout = $socket.SendTimeout = 30000
    $socket.Connect('127.0.0.1', $Port)
    $socket
}
