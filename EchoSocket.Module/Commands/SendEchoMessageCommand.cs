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
    private bool _hostGiven;
    private bool _portGiven;

    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    [ValidateMessage]
    public string[] Message { get; set; } = [];

    [Parameter]
    public SwitchParameter Detailed { get; set; }

    protected override void BeginProcessing()
    {
        _hostGiven = IsBound(nameof(ComputerName));
        _portGiven = IsBound(nameof(Port));
    }

    protected override void ProcessRecord()
    {
        foreach (var message in Message)
            Send(message);
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
            _clients.Remove((ComputerName, ServerPort));
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
            Message = message,
            Reply = reply,
            ByteCount = byteCount,
            RoundTripTime = roundTripTime,
            LocalEndPoint = client.LocalEndPoint,
            RemoteEndPoint = client.RemoteEndPoint,
        });
    }

    private TextClient? Client()
    {
        if (_clients.TryGetValue((ComputerName, ServerPort), out var client))
            return client;

        try
        {
            return _clients[(ComputerName, ServerPort)] = Connect();
        }
        catch (EchoException e)
        {
            // If the command line names the server, every message needs it, so the error ends the pipeline. If an input object
            // names it, other objects may name servers that can be reached.
            var error = e.ToErrorRecord(e.EndPoint);
            if (!CameWithObject(_hostGiven, nameof(ComputerName)) && !CameWithObject(_portGiven, nameof(Port)))
                ThrowTerminatingError(error);
            WriteError(error);
            return null;
        }
    }

    private bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    private bool CameWithObject(bool given, string parameter) => !given && IsBound(parameter);
}
