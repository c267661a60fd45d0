using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Serving;

/// <summary>Opens a TCP server's listeners.</summary>
internal static class Listeners
{
    /// <inheritdoc cref="Binding.Open"/>
    public static Socket[] Open(IReadOnlyList<KeyValuePair<string, IPAddress[]>> hosts, int port, int backlog) =>
        Binding.Open(hosts, port, (endPoint, dual) => Listen(endPoint, dual, backlog));

    private static Socket Listen(IPEndPoint endPoint, bool dual, int backlog) =>
        Binding.Bind(new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp), endPoint, dual, listener =>
        {
            listener.NoDelay = true;
            listener.Bind(endPoint);
            listener.Listen(backlog);
        });
}
