using System;
using System.Globalization;
using System.Net.Sockets;

namespace EchoSocket.Common;

/// <summary>The failures that a caller can act on, each with a sentence that says what to do.</summary>
internal static class Errors
{
    public static EchoException Bind(string endPoint, SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => new(EchoError.AddressInUse, endPoint,
            $"Another server already listens on {endPoint}. Stop it, or choose another port (0 takes a free one).", e),
        SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported => new(EchoError.AddressNotAvailable, endPoint,
            $"{endPoint} can't be bound: the address is not one of this computer's. Name an address that it has, " +
            "or 0.0.0.0 for all of them.", e),
        SocketError.AccessDenied => new(EchoError.AccessDenied, endPoint,
            $"Listening on {endPoint} is not allowed here. Choose a port above 1023 that nothing has reserved, " +
            "or run with the right to this one.", e),
        _ => Other(endPoint, "Listening on", e),
    };

    public static EchoException Accept(string endPoint, SocketException e) => Other(endPoint, "Accepting a client on", e);

    public static EchoException Connect(string endPoint, string tried, SocketException e) => e.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => new(EchoError.ConnectionRefused, endPoint,
            $"Nothing listens on {endPoint}: the connection was refused{tried}. Start a server there, or name the " +
            "computer and port of one that runs.", e),
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.HostDown
            or SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported => new(EchoError.HostUnreachable, endPoint,
            $"There is no route to {endPoint}{tried}. Check the address and this computer's network.", e),
        SocketError.TimedOut => ConnectionTimeout(endPoint, tried, null, e),
        SocketError.AccessDenied => new(EchoError.AccessDenied, endPoint,
            $"Connecting to {endPoint} is not allowed here{tried}. A firewall of this computer may forbid it; let this " +
            "program through.", e),
        _ => Other(endPoint, "Connecting to", e),
    };

    public static EchoException HostNotFound(string host, string endPoint, Exception? e) => new(EchoError.HostNotFound, endPoint,
        $"The name '{host}' has no address. {(NamesPort(host) ? "Give the port apart from it" : "Check its spelling, or give an IP address")}.", e);

    public static EchoException ConnectionTimeout(string endPoint, string tried, TimeSpan? limit, Exception? e = null) =>
        new(EchoError.ConnectionTimeout, endPoint,
            $"No connection to {endPoint} came about {(limit is { } l ? $"within {Seconds(l)}" : "in time")}{tried}. " +
            "A firewall may drop what is sent there, or the host is down; check both, or allow more time.", e);

    public static EchoException Exchange(string endPoint, int received, int expected, SocketError error, TimeSpan limit)
    {
        var progress = string.Format(
            CultureInfo.InvariantCulture,
            received < expected ? "{0:N0} of {1:N0} bytes of the reply came" : "all {1:N0} bytes of a reply came before all of the message was taken",
            received, expected);
        if (error == SocketError.Success)
        {
            return new(EchoError.ConnectionClosedEarly, endPoint,
                $"{endPoint} closed the connection early: {progress}. Check that it is an echo server and that it still runs.");
        }

        if (SocketErrors.IsReset(error))
        {
            return new(EchoError.ConnectionReset, endPoint,
                $"{endPoint} reset the connection: {progress}. The server, or something on the way to it, aborted it; " +
                "look for the reason there.");
        }

        // Unix calls a receive that ran out of time TimedOut or WouldBlock.
        if (error is SocketError.TimedOut or SocketError.WouldBlock)
        {
            return new(EchoError.OperationTimeout, endPoint,
                $"The exchange with {endPoint} was not complete within {Seconds(limit)}: {progress}. Check that it is an echo server, " +
                "and not one that serves one client at a time and is busy with another; or allow more time.");
        }

        return Other(endPoint, $"Exchanging a message ({progress}) with", new SocketException((int)error));
    }

    /// <param name="endPoint">Whose reply it was.</param>
    /// <param name="offset">Of the first wrong byte, counted from 0.</param>
    /// <param name="size">Of the message.</param>
    /// <param name="message">
    /// Which of the connection's messages it was, counted from 1. One that was not sent means that more came back than was.
    /// </param>
    public static EchoException Mismatch(string endPoint, long offset, long size, long message) => new(EchoError.ReplyMismatch, endPoint,
        string.Format(
            CultureInfo.InvariantCulture,
            "{0} answered something else: the first wrong byte is at offset {1:N0} of the {2:N0} bytes of its connection's message {3:N0}. Check that it is " +
            "an echo server (one that upper-cases ASCII letters or changes nothing), and that nothing on the way changes the bytes.",
            endPoint, offset, size, message));

    private static bool NamesPort(string host) =>
        host.LastIndexOf(':') is > 0 and var colon && int.TryParse(host.Substring(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static EchoException Other(string endPoint, string doing, SocketException e) => new(EchoError.SocketFailure, endPoint,
        $"{doing} {endPoint} failed: {e.Message} ({e.SocketErrorCode}).", e);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) + " s";
}
