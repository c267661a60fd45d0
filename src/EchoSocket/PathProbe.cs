using System;
using System.Diagnostics;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Connecting;

namespace EchoSocket;

/// <summary>Tests how far the path to an echo server works and how long each stage takes. Thread-safe.</summary>
public static class PathProbe
{
    /// <summary>
    /// Resolves the name, connects (several addresses race, as described in RFC 8305), sends a message of 64 bytes and
    /// checks that the same bytes come back, ASCII letters upper-cased or not, and no others. Then it sends FIN and waits up to a
    /// quarter of a second for the server's. A path that does not work is a result and not an exception.
    /// </summary>
    /// <param name="host">A name or an IP address.</param>
    /// <param name="port">The port, 1 to 65535.</param>
    /// <param name="timeout">For all stages together; 1 ms to <see cref="EchoClientOptions.MaximumTimeout"/>.</param>
    /// <param name="cancellation">Ends the probe.</param>
    /// <exception cref="ArgumentException">The host is not a name or an address, or the port or the time is out of range.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PathReport Run(string host, int port, TimeSpan timeout, CancellationToken cancellation = default) =>
        Run(new EchoClientOptions { Host = host, Port = port, ConnectionTimeout = timeout }, cancellation);

    /// <summary>
    /// The same, to the server of the options and with their source address, address family and TLS. Their
    /// <see cref="EchoClientOptions.ConnectionTimeout"/> is for all stages together.
    /// </summary>
    /// <param name="options">What to test.</param>
    /// <param name="cancellation">Ends the probe.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PathReport Run(EchoClientOptions options, CancellationToken cancellation = default)
    {
        if (options is null)
            throw new ArgumentNullException(nameof(options));

        var due = Stopwatch.GetTimestamp() + Clock.Ticks(options.ConnectionTimeout);
        var report = new PathReport { StartTime = DateTime.UtcNow, ComputerName = options.Host, Port = options.Port };
        using var connection = ProbedConnection.Open(options, report, due, cancellation);
        if (connection is not null && connection.Echo(report, due))
            connection.CheckEnd(report, due);
        cancellation.ThrowIfCancellationRequested();
        return report;
    }
}
