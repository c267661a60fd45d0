using System.Linq;
using System.Management.Automation;

namespace EchoSocket.Commands;

/// <summary>The parameters of a cmdlet that processes servers: each computer with each port, in the order given.</summary>
public abstract class EchoTargetCommand : ServerCommand
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("HostName", "TargetName", "cn", "Address", "Server", "IPAddress", "RemoteAddress", "DNSHostName", "Host")]
    [ComputerNameArgument]
    [ValidateNotNullOrEmpty]
    public string[] ComputerName { get; set; } = [];

    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("RemotePort", "TcpPort")]
    [PortArgument(Several = true)]
    [ValidateRange(1, 65535)]
    public int[] Port { get; set; } = [];

    protected override void ProcessRecord()
    {
        foreach (var computer in ComputerName.Length > 0 ? ComputerName : [DefaultComputer])
        {
            if (!IsPortNamed(computer, Port.FirstOrDefault()) || !IsTlsNamed(computer))
                continue;

            // A server job stands for its port alone.
            foreach (var port in Port.Length > 0 && JobPort(computer) is null ? Port : [PortOf(computer, 0)])
                Process(computer, port);
        }
    }

    protected abstract void Process(string computer, int port);
}
