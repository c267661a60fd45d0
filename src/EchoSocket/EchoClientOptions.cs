using System;
using System.Net;

namespace EchoSocket;

/// <summary>Whom an echo client calls and how long it waits.</summary>
public class EchoClientOptions
{
    /// <summary>The longest time that can be waited for; a socket counts in milliseconds, 32 bits wide.</summary>
    public static readonly TimeSpan MaximumTimeout = TimeSpan.FromMilliseconds(int.MaxValue);

    private string _host = "127.0.0.1";
    private int _port = EchoServerOptions.DefaultPort;
    private TimeSpan _connectionTimeout = TimeSpan.FromSeconds(10);
    private TimeSpan _operationTimeout = TimeSpan.FromSeconds(30);

    /// <summary>A name or an IP address. Default 127.0.0.1.</summary>
    /// <exception cref="ArgumentException">The value is null or empty.</exception>
    public string Host
    {
        get => _host;
        set => _host = string.IsNullOrEmpty(value)
            ? throw new ArgumentException("A host is a name or an IP address.", nameof(value))
            : value;
    }

    /// <summary>The port, 1 to 65535. Default 8081.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a port that can be called.</exception>
    public int Port
    {
        get => _port;
        set => _port = value is > IPEndPoint.MinPort and <= IPEndPoint.MaxPort
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A port to call is 1 to 65535.");
    }

    /// <summary>
    /// How long resolving the name and connecting may take together; 1 ms to <see cref="MaximumTimeout"/>. Default 10 s.
    /// The addresses of a name race for it (RFC 8305).
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

    private protected static TimeSpan Checked(TimeSpan value) =>
        value >= TimeSpan.FromMilliseconds(1) && value <= MaximumTimeout
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"A timeout is 1 ms to {MaximumTimeout}.");
}
