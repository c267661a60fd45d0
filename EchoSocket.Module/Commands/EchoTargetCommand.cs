using System.Management.Automation;

namespace EchoSocket.Commands;

/// <summary>The parameters of a cmdlet that processes one server after another.</summary>
public abstract class EchoTargetCommand : StoppableCommand
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("HostName", "TargetName", "cn", "Address")]
    [ServerJobArgument]
    [ValidateNotNullOrEmpty]
    [ValidateHost]
    public string[] ComputerName { get; set; } = ["127.0.0.1"];

    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 65535)]
    public int Port { get; set; } = EchoServerOptions.DefaultPort;

    protected override void ProcessRecord()
    {
        foreach (var computer in ComputerName)
            Process(computer, ServerJobArgumentAttribute.Port(computer) ?? Port);
    }

    protected abstract void Process(string computer, int port);
}
