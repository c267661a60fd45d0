using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Polling;

namespace EchoSocket;

/// <summary>What the options of TCP and UDP servers have in common: where they serve, whom, and what they send back.</summary>
public abstract class EchoServiceOptions
{
    private IReadOnlyList<string> _addresses = ["127.0.0.1"];
    private int _port = EchoServerOptions.DefaultPort;
    private IReadOnlyList<AddressRange>? _allowFrom;
    private int _dscp;

    private protected EchoServiceOptions()
    {
    }

    /// <summary>
    /// The addresses to bind, all with the same port: addresses of this computer, or names of it. A name stands for those of its
    /// addresses that this computer has. <c>::</c> serves IPv4 clients, too, unless there is an IPv4 address in the list. Default
    /// 127.0.0.1, so that only this computer can reach the server.
    /// </summary>
    /// <exception cref="ArgumentException">The list is empty, or an element is neither a name nor an IP address.</exception>
    public IReadOnlyList<string> Addresses
    {
        get => _addresses;
        set
        {
            if (value is null || value.Count == 0)
                throw new ArgumentException("The list must have one address or more.", nameof(value));
            if (value.Select(HostName.Problem).FirstOrDefault(problem => problem is not null) is { } found)
                throw new ArgumentException(found, nameof(value));

            _addresses = [.. value];
        }
    }

    /// <summary>The port to bind, 0 to 65535; 0 chooses a free port. Default 8081.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a port.</exception>
    public int Port
    {
        get => _port;
        set => _port = value is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A port is 0 to 65535.");
    }

    /// <summary>
    /// Who is served, one range or more. Over TCP all others are disconnected at once, with RST and before anything is read; over UDP
    /// they get no reply. Default null: everyone is served.
    /// </summary>
    /// <exception cref="ArgumentException">The list is empty, or has a range that is null.</exception>
    public IReadOnlyList<AddressRange>? AllowFrom
    {
        get => _allowFrom;
        set => _allowFrom = value is null || (value.Count > 0 && value.All(range => range is not null))
            ? value?.ToArray()
            : throw new ArgumentException("The list must have one range or more. Set null to allow everyone.", nameof(value));
    }

    /// <summary>What is done to the bytes before they are sent back. Default <see cref="EchoTransform.Upper"/>.</summary>
    public EchoTransform Transform { get; set; }

    /// <summary>
    /// The differentiated services code point (DSCP, RFC 2474) of the packets that the server sends, 0 to 63. Default 0: best effort.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int DscpValue
    {
        get => _dscp;
        set => _dscp = Dscp.Checked(value);
    }

    /// <summary>What this system lacks for <see cref="DscpValue"/>, as a sentence for the user; null if nothing.</summary>
    public string? DscpLimitation => Dscp.Limitation(_dscp);

    /// <summary>Resolves names; a test may replace it.</summary>
    internal NameResolver Resolver { get; set; } = NameResolver.Default;

    /// <summary>Makes the poller that the server waits with. A test may choose another one.</summary>
    internal Func<IPoller> Poller { get; set; } = Polling.Poller.Create;

    /// <summary>Resolves the names among the addresses. The token ends waiting for one.</summary>
    /// <exception cref="EchoException"><see cref="EchoError.HostNotFound"/>.</exception>
    internal List<KeyValuePair<string, IPAddress[]>> Resolve(CancellationToken cancellation) =>
        [.. Addresses.Select(host => new KeyValuePair<string, IPAddress[]>(host, Resolve(host, cancellation)))];

    private IPAddress[] Resolve(string host, CancellationToken cancellation)
    {
        var resolution = Resolver.Resolve(host, deadline: long.MaxValue, cancellation);
        return resolution.Addresses.Length > 0
            ? resolution.Addresses
            : throw Errors.HostNotFound(host, Connector.Display(host, Port), resolution.Error);
    }
}
