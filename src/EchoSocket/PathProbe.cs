using System;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Transport;

namespace EchoSocket;

/// <summary>Tests how far the path to an echo server works and how long each stage takes. Thread-safe.</summary>
public static class PathProbe
{
    // Small letters, which a server may upper-case, and bytes that it must not change: capitals, digits, non-ASCII.
    private static readonly byte[] Message = [.. Enumerable.Range(0, 64).Select(i => (byte)"aZ0\xE9"[i % 4])];
    private static readonly byte[] UpperMessage = [.. Message.Select(b => b == 'a' ? (byte)'A' : b)];

    /// <summary>
    /// Resolves the name, connects (several addresses race, as described in RFC 8305), sends a message of 64 bytes and
    /// checks that the same bytes come back, ASCII letters upper-cased or not. A path that does not work is a result and
    /// not an exception.
    /// </summary>
    /// <param name="host">A name or an IP address.</param>
    /// <param name="port">The port, 1 to 65535.</param>
    /// <param name="timeout">For all stages together; 1 ms to <see cref="EchoClientOptions.MaximumTimeout"/>.</param>
    /// <param name="cancellation">Ends the probe.</param>
    /// <exception cref="ArgumentException">The host is not a name or an address, or the port or the time is out of range.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PathReport Run(string host, int port, TimeSpan timeout, CancellationToken cancellation = default) =>
        Run(new EchoClientOptions { Host = host, Port = port, ConnectionTimeout = timeout }, cancellation);

    internal static PathReport Run(EchoClientOptions options, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var due = start + Clock.Ticks(options.ConnectionTimeout);
        var report = new PathReport { StartTime = DateTime.UtcNow, ComputerName = options.Host, Port = options.Port };

        var resolution = options.Resolver.Resolve(options.Host, due, cancellation);
        if (resolution.Addresses.Length == 0)
            return Failed(report, EchoPathStage.Resolve, resolution.Problem);
        report.ResolveTime = IPAddress.TryParse(options.Host, out _) ? TimeSpan.Zero : Clock.Since(start);
        report.Addresses = [.. resolution.Addresses.Select(a => a.ToString())];

        start = Stopwatch.GetTimestamp();
        var race = ConnectRace.Run(resolution.Addresses, options.Port, due, cancellation);
        report.Attempts = race.Attempts;
        if (race.Winner is not { } winner)
            return Failed(report, EchoPathStage.Connect, SocketErrors.Summary(race.Failure.SocketErrorCode));
        report.ConnectTime = Clock.Since(start);
        report.LocalEndPoint = winner.Local.ToString();
        report.RemoteEndPoint = winner.Remote.ToString();

        using var transport = new BlockingTransport(winner.Socket);
        using var registration = cancellation.Register(transport.Shutdown);
        Echo(report, transport, due);
        cancellation.ThrowIfCancellationRequested();
        return report;
    }

    private static PathReport Echo(PathReport report, BlockingTransport transport, long due)
    {
        var reply = new byte[Message.Length];
        var received = 0;
        var start = Stopwatch.GetTimestamp();
        var error = transport.Send(Message, Message.Length);
        while (error == SocketError.Success && received < reply.Length)
        {
            var count = transport.Receive(reply, received, reply.Length - received, due, out error);
            if (count == 0)
                break;
            if (received == 0)
                report.FirstByteTime = Clock.Since(start);
            received += count;

            // Report a wrong byte at once: the remaining bytes may never come.
            if (FirstWrong(reply, received) is >= 0 and var offset)
                return Failed(report, EchoPathStage.Echo, $"answered something else; the first wrong byte is at offset {offset} of {reply.Length}");
        }

        if (received < reply.Length)
        {
            var reason = error == SocketError.Success ? "closed early" : SocketErrors.Summary(error);
            return Failed(report, EchoPathStage.Echo, $"{reason}; {received} of {reply.Length} bytes came");
        }

        report.EchoTime = Clock.Since(start);
        report.Success = true;
        return report;
    }

    // The first byte tells an echo that upper-cases from one that does not.
    private static int FirstWrong(byte[] reply, int count)
    {
        var expected = reply[0] == Message[0] ? Message : UpperMessage;
        for (var i = 0; i < count; i++)
        {
            if (reply[i] != expected[i])
                return i;
        }

        return -1;
    }

    private static PathReport Failed(PathReport report, EchoPathStage stage, string reason)
    {
        report.FailedStage = stage;
        report.Reason = reason;
        return report;
    }
}
