using System;
using System.Net;

namespace EchoSocket;

/// <summary>Where an echo server listens and what it sends back.</summary>
public sealed class EchoServerOptions
{
    /// <summary>The port that servers listen on, and clients call, unless told otherwise.</summary>
    public const int DefaultPort = 8081;

    private IPAddress _address = IPAddress.Loopback;
    private int _port = DefaultPort;
    private int _backlog = 128;

    /// <summary>
    /// The address to bind. Default 127.0.0.1, so that only this computer reaches the server. <c>::</c> takes IPv4
    /// clients too.
    /// </summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IPAddress Address
    {
        get => _address;
        set => _address = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The port to bind, 0 to 65535. Default 8081. 0 takes a free port.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a port.</exception>
    public int Port
    {
        get => _port;
        set => _port = value is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A port is 0 to 65535.");
    }

    /// <summary>
    /// How many clients may wait to be accepted, 1 or more. Default 128. The operating system caps it (on Linux at
    /// <c>net.core.somaxconn</c>, see listen(2)).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int Backlog
    {
        get => _backlog;
        set => _backlog = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A backlog is 1 or more.");
    }

    /// <summary>What is done to the bytes before they are sent back. Default <see cref="EchoTransform.Upper"/>.</summary>
    public EchoTransform Transform { get; set; }
}
