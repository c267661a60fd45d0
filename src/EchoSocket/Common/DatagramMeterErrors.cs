using System;
using System.Globalization;
using System.Net.Sockets;

namespace EchoSocket.Common;

/// <summary>Makes the exceptions of measurements over UDP. Each message says what to do. Thread-safe.</summary>
internal static class DatagramMeterErrors
{
    /// <summary>A socket could not be opened.</summary>
    public static EchoException Open(string endPoint, SocketException e, EchoClientOptions options) =>
        e.SocketErrorCode == SocketError.ConnectionRefused
            ? DatagramErrors.Refused(endPoint, inner: e)
            : Errors.Connect(endPoint, "", e, options.ConnectionTimeout, options.SourceAddress, options.SourcePort);

    /// <summary>An error of a send or a receive, which ICMP may have reported for an earlier datagram.</summary>
    /// <param name="endPoint">The server.</param>
    /// <param name="error">The error.</param>
    /// <param name="size">The size of the message.</param>
    /// <param name="mtu">The path MTU, if it is known.</param>
    /// <param name="headers">The size of the headers of a datagram.</param>
    public static EchoException Exchange(string endPoint, SocketError error, int size, int? mtu, int headers) => error switch
    {
        SocketError.ConnectionRefused or SocketError.ConnectionReset => DatagramErrors.Refused(endPoint, inner: new SocketException((int)error)), // Windows: a reset
        SocketError.MessageSize => TooLargeForPath(endPoint, size, mtu, headers),
        SocketError.AccessDenied => new(EchoError.AccessDenied, endPoint,
            $"Sending to {endPoint} is not allowed. A firewall on this computer may forbid it; let this program through."),
        _ when SocketErrors.IsUnreachable(error) => new(EchoError.HostUnreachable, endPoint,
            $"There is no route to {endPoint}: this computer or a router on the path said so. Check the address and the network."),
        _ => new(EchoError.SocketFailure, endPoint, $"Exchanging datagrams with {endPoint} failed: {SocketErrors.Describe(error)}."),
    };

    /// <summary>Nothing has come back from the server.</summary>
    public static EchoException NoReply(string endPoint, TimeSpan timeout) => new(EchoError.OperationTimeout, endPoint,
        $"No reply to any message came from {endPoint} within {Errors.Seconds(timeout)}: the messages or their replies are lost. Check that an " +
        "echo server runs there and that no firewall drops the packets, or allow more time.");

    /// <summary>A datagram came from the server that is no reply to one of ours.</summary>
    /// <param name="endPoint">The server.</param>
    /// <param name="problem">What is wrong with it, as a clause.</param>
    /// <param name="shown">What came, quoted.</param>
    public static EchoException Mismatch(string endPoint, string problem, string shown) => new(EchoError.ReplyMismatch, endPoint,
        $"{endPoint} sent a datagram that no echo server would send: {problem}. It is {shown}. Check that it is an echo server (one that " +
        "upper-cases ASCII letters or changes nothing), and that nothing on the path changes the bytes.");

    private static EchoException TooLargeForPath(string endPoint, int size, int? mtu, int headers) => new(EchoError.MessageTooLarge, endPoint, mtu is { } known
        ? Format(
            "A message of {0:N0} bytes is too large for the path to {1} without fragments: with its headers it has {2:N0} bytes, and the " +
            "path MTU is {3:N0}. Send at most {4:N0} bytes, or allow fragments.", size, endPoint, size + headers, known, known - headers)
        : Format("A message of {0:N0} bytes is too large for the path to {1} without fragments. Send a smaller one, or allow fragments.", size, endPoint));

    private static string Format(string format, params object[] values) => string.Format(CultureInfo.InvariantCulture, format, values);
}
