using System.Net.Sockets;

namespace EchoSocket.Common;

/// <summary>Classifies the operating system's socket errors. Thread-safe.</summary>
internal static class SocketErrors
{
    /// <summary>Whether the connection was reset: an RST arrived, or a send failed because one had arrived before (EPIPE).</summary>
    public static bool IsReset(SocketError error) => error
        is SocketError.ConnectionReset
        or SocketError.ConnectionAborted
        or SocketError.Shutdown;

    /// <summary>
    /// Whether the peer of a connection can no longer be reached: it acknowledged neither data nor keep-alive probes
    /// (TimedOut; on Windows NetworkReset), or there is no path to it any more.
    /// </summary>
    public static bool IsVanished(SocketError error) => error
        is SocketError.TimedOut or SocketError.NetworkReset
        or SocketError.HostUnreachable or SocketError.HostDown or SocketError.NetworkUnreachable or SocketError.NetworkDown;

    /// <summary>Whether an accept failed because of the listener. Any other error is about a client that is gone.</summary>
    public static bool IsListenerFailure(SocketError error) => error
        is SocketError.OperationAborted
        or SocketError.Interrupted
        or SocketError.NotSocket
        or SocketError.InvalidArgument
        or SocketError.OperationNotSupported;

    /// <summary>Whether this computer has no route to the peer.</summary>
    public static bool IsUnreachable(SocketError error) => error
        is SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.HostDown
        or SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported;

    /// <summary>A short description of the error, for a report.</summary>
    public static string Summary(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "refused",
        SocketError.TimedOut or SocketError.WouldBlock => "timed out",
        SocketError.NetworkReset => "no longer reachable",
        SocketError.AddressNotAvailable => "no address to connect from",
        SocketError.AddressAlreadyInUse => "port in use",
        _ when IsUnreachable(error) => "no route",
        _ when IsReset(error) => "reset",
        _ => Describe(error),
    };

    public static string Describe(SocketError error) => $"{new SocketException((int)error).Message} ({error})";
}
