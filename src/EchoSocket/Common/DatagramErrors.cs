using System;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Common;

/// <summary>Makes the exceptions of a UDP client. Each message says what to do. Thread-safe.</summary>
internal static class DatagramErrors
{
    /// <summary>The message is larger than a datagram of this family can be.</summary>
    public static EchoException TooLarge(string endPoint, int count, AddressFamily family) => new(EchoError.MessageTooLarge, endPoint,
        $"The message of {Number(count)} bytes was not sent to {endPoint}: over {(family == AddressFamily.InterNetwork ? "IPv4" : "IPv6")} a UDP " +
        $"datagram carries at most {Number(Datagrams.MaxSize(family))} bytes. Send a smaller message, or use TCP.");

    /// <param name="endPoint">The server, as the caller wrote it.</param>
    /// <param name="remote">The address that the message went to.</param>
    /// <param name="count">The size of the message.</param>
    /// <param name="error">How the exchange ended.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="source">The address that the messages are sent from; null if the system chose it.</param>
    public static EchoException Exchange(string endPoint, IPEndPoint remote, int count, SocketError error, TimeSpan limit, string? source)
    {
        var tried = remote.ToString() == endPoint ? "" : $" (tried {remote})";
        return error switch
        {
            SocketError.TimedOut => new(EchoError.OperationTimeout, endPoint,
                $"No reply to the message of {Number(count)} byte{(count == 1 ? "" : "s")} came from {endPoint}{tried} within {Errors.Seconds(limit)}: the message or its reply " +
                "is lost. UDP does not send it again. Check that an echo server runs there and that no firewall drops the packets, or allow more time."),
            SocketError.ConnectionRefused or SocketError.ConnectionReset => Refused(endPoint, tried),
            SocketError.MessageSize => new(EchoError.MessageTooLarge, endPoint,
                $"The message of {Number(count)} bytes does not fit a datagram to {endPoint}{tried}: this system, or a router on the path, refuses it. " +
                "Send a smaller message, or use TCP."),
            _ => Errors.Connect(endPoint, tried, new SocketException((int)error), limit, source),
        };
    }

    /// <summary>The host answered with ICMP port unreachable.</summary>
    /// <param name="endPoint">The server.</param>
    /// <param name="tried">The address that the message went to, as a clause; empty if the end point says it.</param>
    /// <param name="inner">The exception of the socket, if there was one.</param>
    public static EchoException Refused(string endPoint, string tried = "", Exception? inner = null) => new(EchoError.ConnectionRefused, endPoint,
        $"Nothing listens on {endPoint} over UDP{tried}: the answer was ICMP port unreachable. Start a server there, or give the computer and " +
        "port of one that runs.", inner);

    /// <summary>Datagrams came from the server, but no echo.</summary>
    /// <param name="endPoint">The server.</param>
    /// <param name="wrong">What came first.</param>
    /// <param name="hint">A further sentence, with a space before it.</param>
    public static EchoException Mismatch(string endPoint, string wrong, string hint) => new(EchoError.ReplyMismatch, endPoint,
        $"{endPoint} answered something else: {wrong}. {Errors.NoEcho}{hint}");

    /// <summary>A message travels in fragments. A sentence for the user.</summary>
    public static string Fragmented(string endPoint, int count, AddressFamily family, PathMtu mtu) =>
        $"The message of {Number(count)} bytes to {endPoint} is larger than one packet, and travels in fragments: the path MTU is {Number(mtu.Bytes)} " +
        $"bytes ({mtu.Source}), of which the headers leave {Number(mtu.Bytes - Datagrams.HeaderSize(family))}. If one fragment is lost, so is the message, " +
        "and some firewalls drop all fragments.";

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
