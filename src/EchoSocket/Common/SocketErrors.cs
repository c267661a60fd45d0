using System.Net.Sockets;

namespace EchoSocket.Common;

/// <summary>Sorts the operating system's socket errors, and names them in a few words.</summary>
internal static class SocketErrors
{
    /// <summary>The peer is gone: its reset arrived, or a send met a connection already reset (EPIPE).</summary>
    public static bool IsReset(SocketError error) => error
        is SocketError.ConnectionReset
        or SocketError.ConnectionAborted
        or SocketError.NetworkReset
        or SocketError.Shutdown;

    /// <summary>An accept that failed for the listener's own reasons; any other is about a client that is gone.</summary>
    public static bool IsListenerFailure(SocketError error) => error
        is SocketError.OperationAborted
        or SocketError.Interrupted
        or SocketError.NotSocket
        or SocketError.InvalidArgument
        or SocketError.OperationNotSupported;

    /// <summary>A failure in a word or two, for a report.</summary>
    public static string Summary(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "refused",
        SocketError.TimedOut or SocketError.WouldBlock => "timed out",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.HostDown
            or SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported => "no route",
        _ when IsReset(error) => "reset",
        _ => Describe(error),
    };

    public static string Describe(SocketError error) => $"{new SocketException((int)error).Message} ({error})";
}
