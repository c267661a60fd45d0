using System;
using System.Management.Automation;
using System.Text;

namespace EchoSocket.Commands;

/// <summary>The parameters and the connection of a cmdlet that exchanges text with a server.</summary>
public abstract class EchoClientCommand : ServerCommand
{
    // Each cmdlet declares these, with positions of its own.
    public abstract string? ComputerName { get; set; }

    public abstract int Port { get; set; }

    [Parameter]
    [EncodingArgument]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    [ValidateNotNull]
    public Encoding Encoding { get; set; } = EncodingArgumentAttribute.Utf8;

    [Parameter]
    [ValidateRange(0.001, 2147483.0)]
    public double ConnectionTimeoutSeconds { get; set; } = 10;

    [Parameter]
    [ValidateRange(0.001, 2147483.0)]
    public double OperationTimeoutSeconds { get; set; } = 30;

    [Parameter]
    public SwitchParameter AnyReply { get; set; }

    private protected string Server => ComputerName ?? DefaultComputer;

    /// <summary>Tells the servers of one port apart: rows may ask for the same computer with TLS and without.</summary>
    private protected string ServerKey => UseTls ? $"{Server} {TlsHostName} TLS" : Server;

    private protected int ServerPort => PortOf(Server, Port);

    /// <summary>Opens a connection that Ctrl+C ends.</summary>
    /// <exception cref="EchoException">The connection failed.</exception>
    internal TextClient Connect()
    {
        var client = TextClient.Connect(ClientOptions(), Encoding, Stop);
        try
        {
            WriteVerbose($"Connected {client.LocalEndPoint} to {client.RemoteEndPoint}.");
            if (client.Tls is { } tls)
                WriteVerbose(CertificateText.Agreed(tls));
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>The options of a client of the server.</summary>
    private protected EchoClientOptions ClientOptions() => Configure(new EchoClientOptions
    {
        Host = Server,
        Port = ServerPort,
        ConnectionTimeout = TimeSpan.FromSeconds(ConnectionTimeoutSeconds),
        OperationTimeout = TimeSpan.FromSeconds(OperationTimeoutSeconds),
        AnyReply = AnyReply,
    });

    /// <summary>The size of an encoded message. Writes an error and returns false if the message can't be sent.</summary>
    private protected bool TryCount(string message, out int byteCount)
    {
        byteCount = 0;
        try
        {
            byteCount = Encoding.GetByteCount(message);
        }
        catch (EncoderFallbackException e)
        {
            WriteError(new ErrorRecord(e, "EncodingFailed", ErrorCategory.InvalidData, message));
            return false;
        }

        if (byteCount == 0)
        {
            var e = new ArgumentException(
                $"The message is empty in the encoding {Encoding.WebName}. An empty message puts nothing on the wire, so no reply " +
                "would ever come; choose an encoding that has its characters.");
            WriteError(new ErrorRecord(e, "EmptyMessage", ErrorCategory.InvalidArgument, message));
        }

        return byteCount > 0;
    }
}
