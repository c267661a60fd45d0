using System;
using System.Management.Automation;
using System.Security.Cryptography.X509Certificates;

namespace EchoSocket.Commands;

/// <summary>Sends messages to an echo server and writes the replies.</summary>
[Cmdlet(VerbsCommunications.Send, "EchoMessage", DefaultParameterSetName = TextSet)]
[OutputType(typeof(string), typeof(EchoReply), ParameterSetName = [TextSet])]
[OutputType(typeof(byte[]), typeof(EchoBytesReply), ParameterSetName = [BytesSet])]
public sealed class SendEchoMessageCommand : MessageTargetCommand
{
    // PowerShell binds each message from the pipeline anew, so what it does for each decides how fast this cmdlet is. Once text
    // is bound by its value, only the default set remains. No parameter of that set takes a property, because PowerShell would
    // look for each of its names in the text. ServerProperties and ReadTls do that, for messages that are objects. Even in the
    // other set each such parameter costs 0.05 to 0.1 microseconds a message, so only two, which a script block may make, do it.
    private const string TextSet = "Text";

    // For bytes; and for objects that only name a server, if the command has the message.
    private const string BytesSet = "Bytes";

    private MessageSender? _sender;
    private DatagramSender? _datagrams;
    private Func<TextClient?>? _connect;
    private Func<EchoUdpClient?>? _open;
    private bool _messageGiven;
    private bool _bytesGiven;

    [Parameter(ParameterSetName = TextSet, Position = 0, ValueFromPipeline = true)]
    [Parameter(ParameterSetName = BytesSet, DontShow = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    [MessageArgument]
    [ValidateMessage]
    public string[] Message { get; set; } = [];

    [Parameter(ParameterSetName = BytesSet, ValueFromPipeline = true)]
    [AllowNull]
    [AllowEmptyCollection]
    [BytesArgument]
    [ValidateMessage]
    public byte[] InputBytes { get; set; } = [];

    [Parameter(ParameterSetName = BytesSet, ValueFromPipeline = true)]
    [AllowNull]
    [ServerObjectArgument]
    public PSObject? InputObject { get; set; }

    [Parameter(ParameterSetName = TextSet, Position = 1)]
    [Parameter(ParameterSetName = BytesSet, Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("HostName", "TargetName", "cn", "Address", "Server", "IPAddress", "RemoteAddress", "DNSHostName", "Host")]
    [ComputerNameArgument(Single = true)]
    [ValidateNotNullOrEmpty]
    public override string? ComputerName { get; set; }

    [Parameter(ParameterSetName = TextSet, Position = 2)]
    [Parameter(ParameterSetName = BytesSet, Position = 2, ValueFromPipelineByPropertyName = true)]
    [Alias("RemotePort", "TcpPort")]
    [PortArgument]
    [ValidateRange(1, 65535)]
    public override int Port { get; set; }

    [Parameter]
    [SwitchArgument]
    public override SwitchParameter UseTls { get; set; }

    [Parameter]
    [AllowNull]
    [AllowEmptyString]
    public override string? TlsHostName { get; set; }

    [Parameter]
    [CertificateArgument]
    public override X509Certificate2[] TrustedCertificate { get; set; } = [];

    [Parameter]
    [SwitchArgument]
    public override SwitchParameter Udp { get; set; }

    [Parameter]
    public SwitchParameter Detailed { get; set; }

    [Parameter]
    [ValidateRange(1, EchoPipeline.MaxInFlight)]
    public int InFlight { get; set; } = 1;

    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _messageGiven = Message.Length > 0;
        _bytesGiven = InputBytes.Length > 0;
        UdpChoice = new UdpChoice(this, nameof(InFlight));
        _sender = new MessageSender(InFlight, Detailed, WriteReply, WriteError);
        _datagrams = new DatagramSender(
            Encoding, WriteReply, WriteError, client => WriteVerbose($"Sending to {client.RemoteEndPoint} over UDP."), WriteWarning);
        _connect = () => TryConnect(Connect);
        _open = () => TryConnect(Open);
        if (!_bytesGiven)
            return;

        this.RefuseWith(nameof(InputBytes), nameof(Message), "Give one of them.");
        this.RefuseWith(nameof(InputBytes), nameof(Encoding), "Bytes are sent as they are, so they have no encoding.");
    }

    protected override void ProcessRecord()
    {
        _sender!.Receive();

        // If a script block makes the message of an input object that is a byte or a number, PowerShell binds that, too.
        if (Message.Length == 0)
        {
            RequireBytes();
            Send(InputBytes, InputBytes.Length, InputObject, messageSource: null);
            return;
        }

        if (_messageGiven && InputBytes.Length > 0)
            this.RefuseWith(nameof(InputBytes), nameof(Message), "Give one of them.");
        foreach (var message in Message)
        {
            var source = TextArgumentAttribute.Source(message) as PSObject;
            if (TryCount(message, out var byteCount))
                Send(message, byteCount, _messageGiven ? InputObject : source, source);
        }
    }

    protected override void EndProcessing() => _sender!.Close();

    protected override void Dispose(bool disposing)
    {
        _sender?.Dispose();
        _datagrams?.Dispose();
        base.Dispose(disposing);
    }

    private void Send(object message, int byteCount, PSObject? serverSource, PSObject? messageSource)
    {
        var (computer, port, useTls, hostName, trusted, udp) = (ComputerName, Port, UseTls, TlsHostName, TrustedCertificate, Udp);
        if ((serverSource is null || TryReadServer(serverSource)) && IsServerNamed(message, messageSource))
        {
            var outgoing = new OutgoingMessage(message, byteCount, Detailed ? DateTime.UtcNow : default);
            if (!UdpChoice!.UsesUdp(Udp, ComputerName))
                _sender!.Send(outgoing, (ServerKey, ServerPort), _connect!);
            else if (UdpChoice.IsAllowed(Server, UseTls))
                _datagrams!.Send(outgoing, (Server, ServerPort), _open!);
        }

        (ComputerName, Port, UseTls, TlsHostName, TrustedCertificate, Udp) = (computer, port, useTls, hostName, trusted, udp);
    }

    private void WriteReply(OutgoingMessage message, object reply, TimeSpan roundTripTime, TextClient client) => WriteObject(
        Detailed ? message.Details(reply, roundTripTime, client.Tls, client.LocalEndPoint, client.RemoteEndPoint) : reply, enumerateCollection: false);

    private void WriteReply(OutgoingMessage message, object reply, TimeSpan roundTripTime, EchoUdpClient client) => WriteObject(
        Detailed ? message.Details(reply, roundTripTime, tls: null, client.LocalEndPoint, client.RemoteEndPoint) : reply, enumerateCollection: false);

    private void RequireBytes()
    {
        if (InputBytes.Length == 0)
            ThrowTerminatingError(ErrorRecords.MessageRequired());
        if (!_bytesGiven && BytesArgumentAttribute.IsSingle(InputBytes))
            ThrowTerminatingError(ErrorRecords.SingleByte());
    }

    private EchoUdpClient Open()
    {
        try
        {
            return EchoUdpClient.Open(ClientOptions(), Stop);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    private T? TryConnect<T>(Func<T> connect)
        where T : class
    {
        try
        {
            return connect();
        }
        catch (EchoException e)
        {
            // If the command line names the server, every message needs it, so the error ends the pipeline. If an input object
            // names it, other objects may name servers that can be reached.
            var error = e.ToErrorRecord(e.EndPoint);
            if (!ServerCameWithObject)
                ThrowTerminatingError(error);
            WriteError(error);
            return null;
        }
    }
}
