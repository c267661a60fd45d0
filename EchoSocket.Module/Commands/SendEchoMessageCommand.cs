using System;
using System.Linq;
using System.Management.Automation;
using System.Security.Cryptography.X509Certificates;

namespace EchoSocket.Commands;

/// <summary>Sends messages to an echo server and writes the replies.</summary>
[Cmdlet(VerbsCommunications.Send, "EchoMessage", DefaultParameterSetName = TextSet)]
[OutputType(typeof(string), typeof(EchoReply), ParameterSetName = [TextSet])]
[OutputType(typeof(byte[]), typeof(EchoBytesReply), ParameterSetName = [BytesSet])]
public sealed class SendEchoMessageCommand : EchoClientCommand
{
    // PowerShell binds each message from the pipeline anew, so what it does for each decides how fast this cmdlet is. Once text
    // is bound by its value, only the default set remains. No parameter of that set takes a property, because PowerShell would
    // look for each of its names in the text. ServerProperties does that, for messages that are objects.
    private const string TextSet = "Text";

    // For bytes; and for objects that name a server only, if the command has the message.
    private const string BytesSet = "Bytes";

    private MessageSender? _sender;
    private Func<TextClient?>? _connect;
    private bool _computerGiven;
    private bool _portGiven;
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

    [Parameter(ParameterSetName = TextSet)]
    [Parameter(ParameterSetName = BytesSet, ValueFromPipelineByPropertyName = true)]
    [SwitchArgument]
    public override SwitchParameter UseTls { get; set; }

    [Parameter(ParameterSetName = TextSet)]
    [Parameter(ParameterSetName = BytesSet, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyString]
    public override string? TlsHostName { get; set; }

    [Parameter(ParameterSetName = TextSet)]
    [Parameter(ParameterSetName = BytesSet, ValueFromPipelineByPropertyName = true)]
    [CertificateArgument]
    public override X509Certificate2[] TrustedCertificate { get; set; } = [];

    [Parameter]
    public SwitchParameter Detailed { get; set; }

    [Parameter]
    [ValidateRange(1, EchoPipeline.MaxInFlight)]
    public int InFlight { get; set; } = 1;

    // The server that an input object names is for that object only.
    private bool ComputerCameWithObject => !_computerGiven && ComputerName is not null;

    private bool PortCameWithObject => !_portGiven && Port > 0;

    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _computerGiven = ComputerName is not null;
        _portGiven = Port > 0;
        _messageGiven = Message.Length > 0;
        _bytesGiven = InputBytes.Length > 0;
        _sender = new MessageSender(InFlight, Detailed, WriteReply, WriteError);
        _connect = ConnectForMessage;
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
            if (IsServerNamed(InputBytes, source: null))
                Send(InputBytes, InputBytes.Length);
            return;
        }

        if (_messageGiven && InputBytes.Length > 0)
            this.RefuseWith(nameof(InputBytes), nameof(Message), "Give one of them.");
        foreach (var message in Message)
            Send(message);
    }

    protected override void EndProcessing() => _sender!.Close();

    protected override void Dispose(bool disposing)
    {
        _sender?.Dispose();
        base.Dispose(disposing);
    }

    private void Send(string message)
    {
        var source = TextArgumentAttribute.Source(message) as PSObject;
        var (computer, port, useTls, hostName, trusted) = (ComputerName, Port, UseTls, TlsHostName, TrustedCertificate);
        if ((source is null || _messageGiven || TryReadServer(source)) && IsServerNamed(message, source) && TryCount(message, out var byteCount))
            Send(message, byteCount);
        (ComputerName, Port, UseTls, TlsHostName, TrustedCertificate) = (computer, port, useTls, hostName, trusted);
    }

    private void Send(object message, int byteCount) =>
        _sender!.Send(new OutgoingMessage(message, byteCount, Detailed ? DateTime.UtcNow : default), (ServerKey, ServerPort), _connect!);

    // Writes an error and returns false if a property is not valid.
    private bool TryReadServer(PSObject source)
    {
        var parameter = nameof(ComputerName);
        var computer = ComputerName;
        try
        {
            computer ??= ServerProperties.Computer(source);
            parameter = nameof(Port);
            Port = Port > 0 ? Port : ServerProperties.Port(source);
            ReadTls(source, out parameter);
            ComputerName = computer;
            return true;
        }
        catch (Exception e) when (e is ArgumentTransformationMetadataException or GetValueException)
        {
            WriteError(ErrorRecords.PropertyNotValid(parameter, e, source));
            return false;
        }
    }

    private void WriteReply(OutgoingMessage message, object reply, TimeSpan roundTripTime, TextClient client) =>
        WriteObject(Detailed ? message.Details(reply, roundTripTime, client) : reply, enumerateCollection: false);

    // Refuses a single byte from the pipeline, too: PowerShell sends the items of an array one by one, so it is hardly a whole message.
    private void RequireBytes()
    {
        if (InputBytes.Length == 0)
        {
            Refuse("MessageRequired", "There is no message. Give one as -Message or -InputBytes, or through the pipeline.");
        }
        else if (!_bytesGiven && BytesArgumentAttribute.IsSingle(InputBytes))
        {
            Refuse(
                "SingleByte",
                "A single byte came through the pipeline. PowerShell sends the items of an array one by one; to send them as one " +
                "message, write -InputBytes $bytes or , $bytes | Send-EchoMessage, and read a file with Get-Content -AsByteStream -Raw.");
        }
    }

    private void Refuse(string id, string because) =>
        ThrowTerminatingError(new ErrorRecord(new ArgumentException(because), id, ErrorCategory.InvalidArgument, null));

    // Writes an error and returns false if the server is named in part. The default is no substitute for the other part.
    private bool IsServerNamed(object message, PSObject? source)
    {
        var hasOtherProperties = source is not null && source.Properties.Skip(1).Any();
        var isPortMissing = Port == 0 && JobPort(Server) is null;
        var isIncomplete = ComputerName is null
            ? PortCameWithObject || hasOtherProperties
            : isPortMissing && (ComputerCameWithObject || hasOtherProperties);
        if (!isIncomplete)
            return IsPortNamed(Server, Port) && IsTlsNamed(Server);

        WriteError(ErrorRecords.ServerNotNamed(ComputerName is null ? Columns.ComputerName : Columns.Port, message));
        return false;
    }

    private TextClient? ConnectForMessage()
    {
        try
        {
            return Connect();
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
