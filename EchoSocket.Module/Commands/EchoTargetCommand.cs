using System.Management.Automation;

namespace EchoSocket.Commands;

/// <summary>The parameters of a cmdlet that processes one server after another.</summary>
public abstract class EchoTargetCommand : ServerCommand
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("HostName", "TargetName", "cn", "Address", "Server", "IPAddress", "RemoteAddress", "DNSHostName", "Host")]
    [ComputerNameArgument]
    [ValidateNotNullOrEmpty]
    public string[] ComputerName { get; set; } = [];

    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("RemotePort", "TcpPort")]
    [PortArgument]
    [ValidateRange(1, 65535)]
    public int Port { get; set; }

    protected override void ProcessRecord()
    {
        foreach (var computer in ComputerName.Length > 0 ? ComputerName : [DefaultComputer])
        {
            if (IsPortNamed(computer, Port) && IsTlsNamed(computer))
                Process(computer, PortOf(computer, Port));
        }
    }

    protected abstract void Process(string computer, int port);
}
