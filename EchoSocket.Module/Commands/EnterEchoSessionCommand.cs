using System;
using System.Management.Automation;
using System.Text;

namespace EchoSocket.Commands;

/// <summary>The interactive client: reads lines from the host, sends them and shows the replies.</summary>
[Cmdlet(VerbsCommon.Enter, "EchoSession")]
[OutputType(typeof(void))]
public sealed class EnterEchoSessionCommand : EchoClientCommand
{
    private const string Prompt = ">>>: ";

    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("HostName", "TargetName", "cn", "Address", "Server", "IPAddress", "RemoteAddress", "DNSHostName", "Host")]
    [ComputerNameArgument(Single = true)]
    [ValidateNotNullOrEmpty]
    public override string? ComputerName { get; set; }

    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("RemotePort", "TcpPort")]
    [PortArgument]
    [ValidateRange(1, 65535)]
    public override int Port { get; set; }

    protected override void ProcessRecord()
    {
        if (!IsPortNamed(Server, Port))
            return;

        try
        {
            using var client = Connect();
            while (ReadLine() is { } line)
                Exchange(client, line);
        }
        catch (EchoException e)
        {
            ThrowTerminatingError(e.ToErrorRecord(e.EndPoint));
        }
    }

    private void Exchange(TextClient client, string line)
    {
        if (!TryCount(line, out var byteCount))
            return;

        try
        {
            Host.UI.WriteLine(TerminalText.Escape(client.Exchange(line, byteCount, out _)));
        }
        catch (DecoderFallbackException e)
        {
            WriteError(DecodingFailed(e, line));
        }
    }

    // The next line that is not empty; null when the session ends.
    private string? ReadLine()
    {
        while (!Stopping)
        {
            Host.UI.Write(Prompt);
            var line = Host.UI.ReadLine();
            if (line is null || string.Equals(line.Trim(), "exit", StringComparison.OrdinalIgnoreCase))
                return null;
            if (line.Length > 0)
                return line;
        }

        return null;
    }
}
