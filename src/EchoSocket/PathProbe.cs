using System;
using System.Diagnostics;
using System.Globalization;
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
    private static readonly TimeSpan SoonExpired = TimeSpan.FromDays(30);

    // Small letters, which a server may upper-case, and bytes that it must not change: capitals, digits, non-ASCII.
    private static readonly byte[] Message = [.. Enumerable.Range(0, 64).Select(i => (byte)"aZ0\xE9"[i % 4])];

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

        var start = Stopwatch.GetTimestamp();
        var due = start + Clock.Ticks(options.ConnectionTimeout);
        var report = new PathReport { StartTime = DateTime.UtcNow, ComputerName = options.Host, Port = options.Port };

        var resolution = Connector.Resolve(options, due, cancellation);
        if (resolution.Addresses.Length == 0)
            return Failed(report, EchoPathStage.Resolve, resolution.Problem);
        report.ResolveTime = IPAddress.TryParse(options.Host, out _) ? TimeSpan.Zero : Clock.Since(start);
        report.Addresses = [.. resolution.Addresses.Select(a => a.ToString())];

        start = Stopwatch.GetTimestamp();
        var race = ConnectRace.Run(resolution.Addresses, options.Port, due, cancellation, options.Prepare);
        report.Attempts = race.Attempts;
        if (race.Winner is not { } winner)
            return Failed(report, EchoPathStage.Connect, Problem(options, race.Failure));
        report.ConnectTime = Clock.Since(start);
        report.LocalEndPoint = winner.Local.ToString();
        report.RemoteEndPoint = winner.Remote.ToString();

        var secure = options.Tls is { } tls ? new BlockingTlsTransport(winner.Socket, tls.ToSide(options.Host, due, cancellation)) : null;
        using var transport = secure ?? new BlockingTransport(winner.Socket);
        using var registration = cancellation.Register(transport.Shutdown);
        if (secure is null || Authenticate(report, secure, due))
            Echo(report, transport, new ReplyReceiver(transport, anyReply: false, options.CloseGrace), due);
        cancellation.ThrowIfCancellationRequested();
        return report;
    }

    private static string Problem(EchoClientOptions options, SocketException failure)
    {
        var endPoint = Connector.Display(options.Host, options.Port);
        var source = options.SourcePort > 0 ? SourceErrors.Find(endPoint, failure, options.SourceAddress, options.SourcePort) : null;
        return source?.Message ?? SocketErrors.Summary(failure.SocketErrorCode);
    }

    private static bool Authenticate(PathReport report, BlockingTlsTransport transport, long due)
    {
        var error = transport.Handshake(due, out var details);
        if (details is null)
        {
            Failed(report, EchoPathStage.Tls, transport.Problem.Length > 0 ? transport.Problem : SocketErrors.Summary(error));
            return false;
        }

        (report.Tls, report.TlsTime) = (details, details.HandshakeTime);
        // A server's own certificate lives for a week, so the warning would always come.
        if (details.NotAfter - DateTime.UtcNow < SoonExpired && !SelfSignedCertificate.IsMade(details.Thumbprint))
        {
            report.Warning = string.Format(
                CultureInfo.InvariantCulture, "The server's certificate ({0}) expires within {1:0} days: at {2:u}.", Escaping.EscapeControls(details.Subject),
                SoonExpired.TotalDays, details.NotAfter);
        }

        return true;
    }

    private static PathReport Echo(PathReport report, BlockingTransport transport, ReplyReceiver replies, long due)
    {
        var start = Stopwatch.GetTimestamp();
        var error = transport.Send(Message, Message.Length);
        if (error == SocketError.Success)
            error = replies.Receive(Message, Message.Length, new byte[Message.Length + 1], due);
        if (replies.Received > 0)
            report.FirstByteTime = Clock.ToTimeSpan(replies.FirstByte - start);
        var echoTime = Clock.Since(start);

        if (replies.Received == Message.Length && replies.Wrong < 0)
            replies.ReceiveEnd(due);
        if (replies.Wrong == Message.Length)
            return Failed(report, EchoPathStage.Echo, $"sent more than it received; after the reply came {replies.Shown}");
        if (replies.Wrong >= 0)
        {
            var alert = TlsHint.AfterReply(report.Tls is not null, replies.Wrong, replies.Shown);
            return Failed(
                report, EchoPathStage.Echo,
                $"answered something else; the first wrong byte is at offset {replies.Wrong} of {Message.Length}; it sent {replies.Shown}{(alert.Length > 0 ? "." : "")}{alert}");
        }

        if (replies.Received < Message.Length)
        {
            var reason = error == SocketError.Success ? "closed early" : SocketErrors.Summary(error);
            var more = transport.Problem.Length > 0 ? " " + transport.Problem : TlsHint.AfterEnd(report.Tls is not null, replies.Received, error);
            return Failed(report, EchoPathStage.Echo, $"{reason}; {replies.Received} of {Message.Length} bytes came{(more.Length > 0 ? "." : "")}{more}");
        }

        report.EchoTime = echoTime;
        report.Success = true;
        return report;
    }

    private static PathReport Failed(PathReport report, EchoPathStage stage, string reason)
    {
        report.FailedStage = stage;
        report.Reason = reason;
        return report;
    }
}
