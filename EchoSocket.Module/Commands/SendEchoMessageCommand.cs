using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Text;

namespace EchoSocket.Commands;

/// <summary>Sends messages to an echo server and writes the replies.</summary>
[Cmdlet(VerbsCommunications.Send, "EchoMessage")]
[OutputType(typeof(string), typeof(EchoReply))]
public sealed class SendEchoMessageCommand : EchoClientCommand
{
    private readonly Dictionary<(string Host, int Port), TextClient> _clients = [];
    private bool _computerGiven;
    private bool _portGiven;

    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    [MessageArgument]
    [ValidateMessage]
    public string[] Message { get; set; } = [];

    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("HostName", "TargetName", "cn", "Address", "Server", "IPAddress", "RemoteAddress", "DNSHostName", "Host")]
    [ComputerNameArgument(Single = true)]
    [ValidateNotNullOrEmpty]
    public override string? ComputerName { get; set; }

    [Parameter(Position = 2, ValueFromPipelineByPropertyName = true)]
    [Alias("RemotePort", "TcpPort")]
    [PortArgument]
    [ValidateRange(1, 65535)]
    public override int Port { get; set; }

    [Parameter]
    public SwitchParameter Detailed { get; set; }

    // The server that an input object names is for that object only.
    private bool ComputerCameWithObject => !_computerGiven && ComputerName is not null;

    private bool PortCameWithObject => !_portGiven && Port > 0;

    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _computerGiven = ComputerName is not null;
        _portGiven = Port > 0;
    }

    protected override void ProcessRecord()
    {
        foreach (var message in Message)
        {
            if (IsServerNamed(message))
                Send(message);
        }
    }

    protected override void EndProcessing()
    {
        // All servers get FIN before any is waited for, so that the waits overlap.
        foreach (var client in _clients.Values)
            client.EndSending();
        foreach (var client in _clients.Values)
        {
            try
            {
                client.Close();
            }
            catch (EchoException e)
            {
                WriteError(e.ToErrorRecord(e.EndPoint));
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var client in _clients.Values)
            client.Dispose();
        base.Dispose(disposing);
    }

    private void Send(string message)
    {
        if (!TryCount(message, out var byteCount) || Client() is not { } client)
            return;

        var time = DateTime.UtcNow;
        string reply;
        TimeSpan roundTripTime;
        try
        {
            reply = client.Exchange(message, byteCount, out roundTripTime);
        }
        catch (EchoException e)
        {
            // Late bytes of this reply would look like the start of the next one, so the next message gets a new connection.
            client.Dispose();
            _clients.Remove((Server, ServerPort));
            WriteError(e.ToErrorRecord(message));
            return;
        }
        catch (DecoderFallbackException e)
        {
            WriteError(DecodingFailed(e, message));
            return;
        }

        if (!Detailed)
        {
            WriteObject(reply);
            return;
        }

        WriteObject(new EchoReply
        {
            Time = time,
            Message = message,
            Reply = reply,
            ByteCount = byteCount,
            RoundTripMilliseconds = Milliseconds.From(roundTripTime),
            LocalEndPoint = client.LocalEndPoint,
            RemoteEndPoint = client.RemoteEndPoint,
        });
    }

    // Writes an error and returns false if the server is named in part. The default is no substitute for the other part.
    private bool IsServerNamed(string message)
    {
        var isPortMissing = Port == 0 && JobPort(Server) is null;
        var isIncomplete = ComputerName is null
            ? PortCameWithObject || HasOtherProperties(message)
            : isPortMissing && (ComputerCameWithObject || HasOtherProperties(message));
        if (!isIncomplete)
            return IsPortNamed(Server, Port);

        WriteError(ErrorRecords.ServerNotNamed(ComputerName is null ? Columns.ComputerName : Columns.Port, message));
        return false;
    }

    private TextClient? Client()
    {
        if (_clients.TryGetValue((Server, ServerPort), out var client))
            return client;

        try
        {
            return _clients[(Server, ServerPort)] = Connect();
        }
        catch (EchoException e)
        {
            // If the command line names the server, every message needs it, so the error ends the pipeline. If an input object
            // names it, other objects may name servers that can be reached.
            var error = e.ToErrorRecord(e.EndPoint);
            if (!ComputerCameWithObject && !PortCameWithObject)
                ThrowTerminatingError(error);
            WriteError(error);
            return null;
        }
    }
}
