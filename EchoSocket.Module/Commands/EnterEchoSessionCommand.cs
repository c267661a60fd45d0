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
    private const string EmptyLine = "An empty line is not sent: it puts nothing on the wire, so no reply would come.";

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
        if (!IsPortNamed(Server, Port) || !IsTlsNamed(Server))
            return;
        if (UdpParameters.SaysUdp(Server))
            ThrowTerminatingError(ErrorRecords.SessionOverUdp(Server));

        try
        {
            using var client = Connect();
            var address = client.EndPoint == client.RemoteEndPoint ? "" : $" ({client.RemoteEndPoint})";
            Host.UI.WriteLine($"Connected to {client.EndPoint}{address}{(client.Tls is null ? "" : " over TLS")}. Type exit or press Ctrl+C to leave.");

            // The prompt can't be taken back, so the session ends with the next line.
            var ui = Host.UI;
            using var watch = new IdleWatch(client, failure => ui.WriteLine($"\n{failure.Message}\nPress Enter to leave."));
            while (ReadLine(watch) is { } line)
                Exchange(client, line);
            client.Close();
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
            Host.UI.WriteLine(TerminalText.Escape((string)client.Exchange(new OutgoingMessage(line, byteCount, DateTime.UtcNow), out _)));
        }
        catch (DecoderFallbackException e)
        {
            WriteError(ErrorRecords.DecodingFailed(e, line));
        }
    }

    // The next line to send; null when the session ends.
    private string? ReadLine(IdleWatch watch)
    {
        while (!Stopping)
        {
            Host.UI.Write(Prompt);
            var line = watch.During(Host.UI.ReadLine);
            if (line is null || string.Equals(line.Trim(), "exit", StringComparison.OrdinalIgnoreCase))
                return null;
            if (watch.Failure is { } failure)
                return line.Length == 0 ? null : throw failure;
            if (line.Length > 0)
                return line;
            Host.UI.WriteLine(EmptyLine);
        }

        return null;
    }
}
