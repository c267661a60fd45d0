using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket.Connecting;

/// <summary>
/// A connection to an echo server that is opened and tried stage by stage. Each stage notes in a report how it went. For one
/// thread at a time; the token given to <see cref="Open"/> may be cancelled from any thread.
/// </summary>
internal sealed class ProbedConnection : IDisposable
{
    private static readonly TimeSpan SoonExpired = TimeSpan.FromDays(30);

    private static readonly byte[] Message = ProbeMessage.Create();

    private readonly BlockingTransport _transport;
    private readonly ReplyReceiver _replies;
    private readonly CancellationTokenRegistration _registration;
    private readonly byte[] _reply = new byte[Message.Length + 1]; // one more, so that a byte beyond the reply is noticed
    private readonly bool _usesTls;
    private long _answered;

    private ProbedConnection(BlockingTransport transport, EchoClientOptions options, CancellationToken cancellation)
    {
        _transport = transport;
        _replies = new ReplyReceiver(transport, anyReply: false, options.CloseGrace);
        _usesTls = options.Tls is not null;
        _registration = cancellation.Register(transport.Shutdown);
    }

    /// <summary>Resolves the name, connects and, with TLS, authenticates. Returns null if a stage failed.</summary>
    /// <param name="options">The server.</param>
    /// <param name="report">Gets the addresses, the times, and what failed.</param>
    /// <param name="due">The time limit, in stopwatch ticks.</param>
    /// <param name="cancellation">Ends the attempt, and later every wait on the connection.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ProbedConnection? Open(EchoClientOptions options, PathReport report, long due, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var resolution = Connector.Resolve(options, due, cancellation);
        if (resolution.Addresses.Length == 0)
        {
            Fail(report, EchoPathStage.Resolve, resolution.Problem);
            return null;
        }

        report.ResolveTime = IPAddress.TryParse(options.Host, out _) ? TimeSpan.Zero : Clock.Since(start);
        report.Addresses = [.. resolution.Addresses.Select(a => a.ToString())];

        start = Stopwatch.GetTimestamp();
        var race = ConnectRace.Run(resolution.Addresses, options.Port, due, cancellation, options.Prepare);
        report.Attempts = race.Attempts;
        if (race.Winner is not { } winner)
        {
            Fail(report, EchoPathStage.Connect, Problem(options, race.Failure));
            return null;
        }

        report.ConnectTime = Clock.Since(start);
        report.LocalEndPoint = winner.Local.ToString();
        report.RemoteEndPoint = winner.Remote.ToString();

        var secure = options.Tls is { } tls ? new BlockingTlsTransport(winner.Socket, tls.ToSide(options.Host, due, cancellation)) : null;
        var connection = new ProbedConnection(secure ?? new BlockingTransport(winner.Socket), options, cancellation);
        if (secure is null || Authenticate(report, secure, due))
            return connection;

        connection.Dispose();
        cancellation.ThrowIfCancellationRequested();
        return null;
    }

    /// <summary>Sends a message of 64 bytes and checks that the same bytes come back, ASCII letters upper-cased or not.</summary>
    public bool Echo(PathReport report, long due)
    {
        _replies.Begin();
        var start = Stopwatch.GetTimestamp();
        var error = _transport.Send(Message, Message.Length);
        if (error == SocketError.Success)
            error = _replies.Receive(Message, Message.Length, _reply, due);
        var echoTime = Clock.Since(start);
        if (_replies.Received > 0)
            report.FirstByteTime = Clock.ToTimeSpan(_replies.FirstByte - start);

        if (_replies.Wrong == Message.Length)
            return FailExcess(report);
        if (_replies.Wrong >= 0)
        {
            var alert = TlsHint.AfterReply(_usesTls, _answered + _replies.Wrong, _replies.Shown);
            return Fail(
                report, EchoPathStage.Echo,
                $"answered something else; the first wrong byte is at offset {_replies.Wrong} of {Message.Length}; it sent {_replies.Shown}{Sentence(alert)}");
        }

        if (_replies.Received < Message.Length)
        {
            var reason = error == SocketError.Success ? "closed early" : SocketErrors.Summary(error);
            var hint = TlsHint.AfterEnd(_usesTls, _answered + _replies.Received, error);
            return Fail(
                report, EchoPathStage.Echo,
                $"{reason}; {_replies.Received} of {Message.Length} bytes came{Sentence(_transport.Problem.Length > 0 ? " " + _transport.Problem : hint)}");
        }

        _answered += Message.Length;
        report.EchoTime = echoTime;
        return report.Success = true;
    }

    /// <summary>Before a further message: checks, without waiting, that the connection is open and that nothing came after the last reply.</summary>
    public bool CheckIdle(PathReport report)
    {
        if (_replies.IsIdle(out var error))
            return true;
        if (_replies.Wrong >= 0)
            return FailExcess(report);

        var reason = error == SocketError.Success ? "closed" : SocketErrors.Summary(error);
        return Fail(report, EchoPathStage.Echo, $"{reason} while no message was outstanding{Sentence(_transport.Problem.Length > 0 ? " " + _transport.Problem : "")}");
    }

    /// <summary>After the last message: sends FIN, and waits for the peer's. False if more bytes came first.</summary>
    public bool CheckEnd(PathReport report, long due) => _replies.ReceiveEnd(due) || FailExcess(report);

    /// <summary>Closes the connection with FIN, at once.</summary>
    public void Dispose()
    {
        _registration.Dispose();
        _transport.Dispose();
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
            return Fail(report, EchoPathStage.Tls, transport.Problem.Length > 0 ? transport.Problem : SocketErrors.Summary(error));

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

    private static string Sentence(string more) => more.Length > 0 ? "." + more : "";

    private bool FailExcess(PathReport report) =>
        Fail(report, EchoPathStage.Echo, $"sent more than it received; after the reply came {_replies.Shown}");

    private static bool Fail(PathReport report, EchoPathStage stage, string reason)
    {
        (report.Success, report.FailedStage, report.Reason, report.EchoTime) = (false, stage, reason, null);
        return false;
    }
}
