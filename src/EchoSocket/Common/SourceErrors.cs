using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Common;

/// <summary>Makes the exceptions about the address and the port that a client connects from. Thread-safe.</summary>
internal static class SourceErrors
{
    /// <summary>The exception for a failed connect; null if the failure is not about the source.</summary>
    /// <param name="endPoint">The server.</param>
    /// <param name="e">The failure.</param>
    /// <param name="address">The source address; null if none was chosen.</param>
    /// <param name="port">The source port; 0 if none was chosen.</param>
    public static EchoException? Find(string endPoint, SocketException e, string? address, int port)
    {
        if (address is null && port == 0)
            return null;

        var source = Display(address, port);
        var from = $"Cannot connect from {source}";
        var isUnavailable = e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AddressNotAvailable;
        return (e.SocketErrorCode, e is BindException, port > 0) switch
        {
            (SocketError.AccessDenied, true, true) => new(EchoError.AccessDenied, source,
                $"{from}: this source port is not allowed. Choose a port above 1023 that nothing has reserved, or run with the right to use this one.", e),
            (SocketError.AddressAlreadyInUse, true, true) => new(EchoError.AddressInUse, source,
                $"{from}: another socket of this computer uses the port. Close it, or choose another source port.", e),
            (_, false, true) when isUnavailable => new(EchoError.AddressInUse, source,
                $"{from} to {endPoint}: a connection between the two is open, or has ended a short time ago. The system keeps the port of an " +
                "ended connection (TIME_WAIT) for a minute on Linux, and for up to four minutes on Windows. Wait, or choose another source port.", e),
            _ when isUnavailable => new(EchoError.AddressNotAvailable, source,
                $"{from}: this computer does not have the address, or none of its ports is free. Give one that it has, or omit the source address.", e),
            _ => null,
        };
    }

    private static string Display(string? address, int port) =>
        address is null ? string.Format(CultureInfo.InvariantCulture, "port {0}", port)
        : port == 0 ? address
        : new IPEndPoint(IPAddress.Parse(address), port).ToString();
}
