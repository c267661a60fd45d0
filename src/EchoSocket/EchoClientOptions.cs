using System;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Connecting;

namespace EchoSocket;

/// <summary>The server that a client connects to, and how long the client waits. For one thread at a time.</summary>
public class EchoClientOptions
{
    /// <summary>The longest time-out. Sockets count in milliseconds, in 32 bits.</summary>
    public static readonly TimeSpan MaximumTimeout = TimeSpan.FromMilliseconds(int.MaxValue);

    private string _host = "127.0.0.1";
    private AddressFamily? _family;
    private IPAddress? _source;
    private TimeSpan? _keepAliveTime;
    private int _port = EchoServerOptions.DefaultPort;
    private int _sourcePort;
    private int _dscp;
    private TimeSpan _connectionTimeout = TimeSpan.FromSeconds(10);
    private TimeSpan _operationTimeout = TimeSpan.FromSeconds(30);

    /// <summary>A name or an IP address, without a port. Default 127.0.0.1.</summary>
    /// <exception cref="ArgumentException">The value is neither a name nor an IP address.</exception>
    public string Host
    {
        get => _host;
        set => _host = HostName.Problem(value) is { } problem ? throw new ArgumentException(problem) : value;
    }

    /// <summary>The port, 1 to 65535. Default 8081.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int Port
    {
        get => _port;
        set => _port = value is > IPEndPoint.MinPort and <= IPEndPoint.MaxPort
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The port is 1 to 65535.");
    }

    /// <summary>
    /// The only address family to connect with: InterNetwork (IPv4) or InterNetworkV6. Default null: any. A
    /// <see cref="SourceAddress"/> allows its own family only.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is another family.</exception>
    public AddressFamily? AddressFamily
    {
        get => _family;
        set => _family = value is null or System.Net.Sockets.AddressFamily.InterNetwork or System.Net.Sockets.AddressFamily.InterNetworkV6
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The family is IPv4 or IPv6.");
    }

    /// <summary>The address of this computer to connect from. Default null: the operating system chooses.</summary>
    /// <exception cref="ArgumentException">The value is not an IP address.</exception>
    public string? SourceAddress
    {
        get => _source?.ToString();
        set => _source = value is null ? null : AddressText.Parse(value);
    }

    /// <summary>The port of this computer to connect from. Default 0: the operating system chooses one for each connection.</summary>
    /// <remarks>
    /// Two connections between the same two addresses and ports can't exist, and the system keeps an ended one for a while
    /// (TIME_WAIT), unless it can tell old packets by their TCP timestamps, as Linux does. Connecting then fails with
    /// <see cref="EchoError.AddressInUse"/>. Connections to several servers can use the same source port at the same time on Linux only.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int SourcePort
    {
        get => _sourcePort;
        set => _sourcePort = value is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The source port is 0 to 65535.");
    }

    /// <summary>
    /// The differentiated services code point (DSCP, RFC 2474) of the packets that the client sends, 0 to 63. Default 0: best effort.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int DscpValue
    {
        get => _dscp;
        set => _dscp = Dscp.Checked(value);
    }

    /// <summary>What this system lacks for <see cref="DscpValue"/>, as a sentence for the user; null if nothing.</summary>
    public string? DscpLimitation => Dscp.Limitation(_dscp);

    /// <summary>
    /// How long resolving the name, connecting and a TLS handshake may take together; 1 ms to <see cref="MaximumTimeout"/>. Default 10 s.
    /// Several addresses race, as described in RFC 8305.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan ConnectionTimeout
    {
        get => _connectionTimeout;
        set => _connectionTimeout = Checked(value);
    }

    /// <summary>
    /// How long a message's whole reply may take, counted from the start of the send; 1 ms to
    /// <see cref="MaximumTimeout"/>. Default 30 s. (Windows adds up to half a second to a wait for a reply.)
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan OperationTimeout
    {
        get => _operationTimeout;
        set => _operationTimeout = Checked(value);
    }

    /// <summary>
    /// Accepts any reply that has as many bytes as its message: for a server that is not an echo server. Default false: a wrong
    /// byte is <see cref="EchoError.ReplyMismatch"/>. An <see cref="EchoMeter"/> always checks.
    /// </summary>
    public bool AnyReply { get; set; }

    /// <summary>How to use TLS. Default null: the client does not.</summary>
    public EchoClientTls? Tls { get; set; }

    /// <summary>
    /// How long a server may take to answer FIN with its own. An echo server need only be running for that. A test may choose
    /// another time.
    /// </summary>
    internal TimeSpan CloseGrace { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// TCP keep-alive: after this time without a sign of life from the peer the system sends probes, and ends the connection if none of
    /// five is answered in about as much time again (a second apart at least). 1 s to 32,767 s, rounded up to whole seconds.
    /// Default null: none.
    /// </summary>
    /// <remarks>
    /// It notices a peer that has vanished without FIN or RST while nothing is on its way to it. Bytes that the peer does not
    /// acknowledge are sent again instead, as long as the system tries that.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan? KeepAliveTime
    {
        get => _keepAliveTime;
        set => _keepAliveTime = value is null || (value >= TimeSpan.FromSeconds(1) && value <= KeepAlive.MaximumTime)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"A keep-alive time is 1 s to {KeepAlive.MaximumTime.TotalSeconds:0} s.");
    }

    /// <summary>What this system lacks for <see cref="KeepAliveTime"/>, as sentences for the user; null if nothing.</summary>
    public string? KeepAliveLimitation => _keepAliveTime is { } time ? KeepAlive.Limitation(time) : null;

    /// <summary>Resolves names; a test may replace it.</summary>
    internal NameResolver Resolver { get; set; } = NameResolver.Default;

    /// <summary>The family of the source address; null if there is none.</summary>
    internal AddressFamily? SourceFamily => _source?.AddressFamily;

    /// <summary>Prepares a socket to connect: its keep-alive, DSCP value, and source address and port.</summary>
    /// <exception cref="BindException">This computer does not have the source address, or the source port is not free.</exception>
    internal void Prepare(Socket socket)
    {
        if (_keepAliveTime is { } time)
            KeepAlive.Apply(socket, time);
        Dscp.Apply(socket, _dscp);
        if (_source is null && _sourcePort == 0)
            return;

        try
        {
            var any = socket.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
            socket.Bind(new IPEndPoint(_source ?? any, _sourcePort));
        }
        catch (SocketException e)
        {
            throw new BindException(e.SocketErrorCode);
        }
    }

    /// <summary>Prepares a socket for the datagrams to a single server. Linux lets several such sockets have the same source port.</summary>
    /// <exception cref="BindException">This computer does not have the source address, or the source port is not free.</exception>
    internal void PrepareDatagrams(Socket socket)
    {
        if (_sourcePort > 0)
            DatagramSocket.ShareSourcePort(socket);
        Prepare(socket);
    }

    private protected static TimeSpan Checked(TimeSpan value) =>
        value >= TimeSpan.FromMilliseconds(1) && value <= MaximumTimeout
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"A time-out is 1 ms to {MaximumTimeout}.");
}
