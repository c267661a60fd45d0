using System;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Common;

/// <summary>Makes the exceptions that a caller can act on. Each message says what to do. Thread-safe.</summary>
internal static class Errors
{
    public const string NoEcho =
        "Check that it is an echo server (one that upper-cases ASCII letters or changes nothing), and that nothing on the path " +
        "changes the bytes.";

    private const string BothSides = " Check that both sides use TLS on this port, and their certificates.";

    public static EchoException Bind(IPEndPoint endPoint, SocketException e) =>
        e.SocketErrorCode == SocketError.InvalidArgument && endPoint.Address is { IsIPv6LinkLocal: true, ScopeId: 0 }
            ? new(EchoError.AddressNotAvailable, endPoint.ToString(), $"Cannot listen on {endPoint}: {LinkLocal(endPoint.Address)}", e)
            : Bind(endPoint.ToString(), e);

    public static EchoException Bind(string endPoint, SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => new(EchoError.AddressInUse, endPoint,
            $"Cannot listen on {endPoint}: another program already uses this port, on this address or on one that overlaps with " +
            "it (0.0.0.0 overlaps with all). Stop it, or choose another port (0 takes a free one).", e),
        SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported => new(EchoError.AddressNotAvailable, endPoint,
            $"Cannot listen on {endPoint}: this computer does not have the address. Give one that it has, or 0.0.0.0 for all.", e),
        SocketError.AccessDenied => new(EchoError.AccessDenied, endPoint,
            $"Listening on {endPoint} is not allowed. Choose a port above 1023 that nothing has reserved, or run with the right " +
            "to use this one.", e),
        _ => Other(endPoint, "Listening on", e),
    };

    public static EchoException Accept(string endPoint, SocketException e) => Other(endPoint, "Accepting a client on", e);

    // 'tried' is the list of addresses tried, in parentheses; empty if there is none beyond the endpoint itself.
    public static EchoException Connect(string endPoint, string tried, SocketException e, TimeSpan limit, string? source = null) => e.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => new(EchoError.ConnectionRefused, endPoint,
            $"Nothing listens on {endPoint}: the connection was refused{tried}. Start a server there, or give the " +
            "computer and port of one that runs.", e),
        SocketError.AddressNotAvailable when source is not null => new(EchoError.AddressNotAvailable, source,
            $"Cannot connect from {source}: this computer does not have the address, or none of its ports is free. Give one that it " +
            "has, or omit the source address.", e),
        _ when SocketErrors.IsUnreachable(e.SocketErrorCode) => new(EchoError.HostUnreachable, endPoint,
            $"There is no route {(source is null ? "" : $"from {source} ")}to {endPoint}{tried}. Check the address and this computer's network.", e),
        SocketError.TimedOut => new(EchoError.ConnectionTimeout, endPoint,
            $"Could not connect to {endPoint} within {Seconds(limit)}{tried}. The host may be down, or a firewall may drop " +
            "the packets; check both, or allow more time.", e),
        SocketError.AccessDenied => new(EchoError.AccessDenied, endPoint,
            $"Connecting to {endPoint} is not allowed{tried}. A firewall on this computer may forbid it; let this program " +
            "through.", e),
        _ when SocketErrors.IsReset(e.SocketErrorCode) => new(EchoError.ConnectionReset, endPoint,
            $"{endPoint} reset the connection as soon as it was established{tried}. The server, or a device on the path to it, " +
            "may not allow this computer; look for the reason there.", e),
        _ => Other(endPoint, "Connecting to", e),
    };

    public static EchoException HostNotFound(string host, string endPoint, Exception? e) => new(EchoError.HostNotFound, endPoint,
        $"The name '{host}' has no address. Check its spelling, or give an IP address.", e);

    public static EchoException NoAddressOfFamily(string host, string endPoint, string family) => new(EchoError.HostNotFound, endPoint,
        $"'{host}' has no {family} address, and no other may be used: the family was chosen, or follows from the source address. Allow " +
        "the other family, or give another computer.", null);

    public static EchoException NoInterface(string endPoint, IPAddress address, SocketException e) => new(EchoError.HostUnreachable, endPoint,
        $"There is no route to {endPoint}: {LinkLocal(address)}", e);

    public static EchoException ResolveTimeout(string host, string endPoint, string problem, TimeSpan limit, Exception? e) =>
        new(EchoError.ConnectionTimeout, endPoint,
            $"Could not connect to {endPoint} within {Seconds(limit)}: resolving '{host}' {problem}. Check the name and this " +
            "computer's DNS servers, give an IP address, or allow more time.", e);

    /// <param name="endPoint">The server.</param>
    /// <param name="received">How many bytes of the reply came.</param>
    /// <param name="expected">The size of the reply.</param>
    /// <param name="error">How the exchange ended; no error is the server's FIN.</param>
    /// <param name="limit">How long the exchange may take.</param>
    /// <param name="problem">What TLS says of it; empty if that is nothing.</param>
    /// <param name="hint">A further sentence, with a space before it, if the server ended the connection.</param>
    public static EchoException Exchange(
        string endPoint, int received, int expected, SocketError error, TimeSpan limit, string problem = "", string hint = "")
    {
        var progress = string.Format(
            CultureInfo.InvariantCulture,
            received < expected ? "{0:N0} of {1:N0} bytes of the reply came" : "all {1:N0} bytes of a reply came before the whole message was sent",
            received, expected);
        if (error == SocketError.Success)
        {
            return new(EchoError.ConnectionClosedEarly, endPoint,
                $"{endPoint} closed the connection early: {progress}.{After(problem)} Check that it is an echo server and that it still runs.{hint}");
        }

        if (SocketErrors.IsReset(error))
        {
            return new(EchoError.ConnectionReset, endPoint,
                $"{endPoint} reset the connection: {progress}. The server, or a device on the path to it, aborted the " +
                $"connection; look for the reason there.{hint}");
        }

        // On Unix a receive that runs out of time fails with TimedOut or WouldBlock.
        if (error is SocketError.TimedOut or SocketError.WouldBlock)
        {
            return new(EchoError.OperationTimeout, endPoint,
                $"The exchange with {endPoint} was not complete within {Seconds(limit)}: {progress}. Check that it is an echo server " +
                "and that it is not busy with another client (some serve one at a time), or allow more time.");
        }

        if (SocketErrors.IsVanished(error))
            return Vanished(endPoint, progress, error);
        if (problem.Length > 0)
            return Tls(endPoint, $"{problem} Before that, {progress}.");

        return Other(endPoint, $"Exchanging a message ({progress}) with", new SocketException((int)error));
    }

    /// <param name="endPoint">The server.</param>
    /// <param name="offset">The offset of the first wrong byte, counted from 0.</param>
    /// <param name="size">The size of the message.</param>
    /// <param name="message">The number of the message on its connection, counted from 1.</param>
    /// <param name="shown">What came instead, quoted.</param>
    /// <param name="option">A further sentence, with a space before it: what to do if such replies are welcome.</param>
    public static EchoException Mismatch(string endPoint, long offset, long size, long message, string shown, string option = "") =>
        new(EchoError.ReplyMismatch, endPoint, string.Format(
            CultureInfo.InvariantCulture,
            "{0} answered something else: the first wrong byte is at offset {1:N0} of the {2:N0} bytes of message {3:N0} on its connection. " +
            "It sent {4}. {5}{6}",
            endPoint, offset, size, message, shown, NoEcho, option));

    /// <summary>The server sent more than its replies to so many messages.</summary>
    public static EchoException Excess(string endPoint, long messages, string shown, string option = "") =>
        new(EchoError.ReplyMismatch, endPoint, string.Format(
            CultureInfo.InvariantCulture,
            messages > 0 ? "{0} sent more than it received: after its reply to message {1:N0} came {2}. {3}{4}"
            : "{0} sent {2} before it received a message. {3}{4}",
            endPoint, messages, shown, NoEcho, option));

    /// <summary>The connection ended while the client waited for nothing; no error is the server's FIN.</summary>
    public static EchoException Idle(string endPoint, SocketError error, string problem) =>
        error == SocketError.Success ? new(EchoError.ConnectionClosedEarly, endPoint,
            $"{endPoint} closed the connection while no message was outstanding. Check that it still runs, and how long it " +
            $"waits for the next message.{After(problem)}")
        : SocketErrors.IsReset(error) ? new(EchoError.ConnectionReset, endPoint,
            $"{endPoint} reset the connection while no message was outstanding. The server, or a device on the path to it, " +
            "aborted the connection; look for the reason there.")
        : problem.Length > 0 ? Tls(endPoint, problem)
        : SocketErrors.IsVanished(error) ? Vanished(endPoint, "no message was outstanding", error)
        : Other(endPoint, "Keeping the connection to", new SocketException((int)error));

    public static EchoException Tls(string endPoint, string problem) => new(EchoError.AuthenticationFailed, endPoint,
        $"TLS with {endPoint} failed. {problem}{(problem.StartsWith("The server's certificate", StringComparison.Ordinal) ? "" : BothSides)}");

    public static EchoException TlsTimeout(string endPoint, TimeSpan limit) => new(EchoError.ConnectionTimeout, endPoint,
        $"The TLS handshake with {endPoint} was not complete within {Seconds(limit)}. Check that the server uses TLS on this port " +
        "and that it is not busy with another client (some serve one at a time), or allow more time.");

    private static string After(string problem) => problem.Length > 0 ? " " + problem : "";

    private static string LinkLocal(IPAddress address) =>
        $"{address} is a link-local address, which each interface may have. Append the interface, as in {address}%eth0 (on Windows its " +
        "number).";

    private static EchoException Vanished(string endPoint, string progress, SocketError error) => new(EchoError.HostUnreachable, endPoint,
        $"{endPoint} can no longer be reached: {progress}. The server, or the path to it, has failed without closing the connection " +
        $"({error}). Check both.");

    private static EchoException Other(string endPoint, string doing, SocketException e) => new(EchoError.SocketFailure, endPoint,
        $"{doing} {endPoint} failed: {e.Message} ({e.SocketErrorCode}).", e);

    public static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) + " s";
}
