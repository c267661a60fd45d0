using System;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Connecting;

/// <summary>A connected socket with its endpoints. Whoever receives it owns the socket and closes it. Immutable.</summary>
internal sealed class ConnectedSocket(Socket socket, IPEndPoint local, IPEndPoint remote, TimeSpan connectTime)
{
    public Socket Socket { get; } = socket;

    public IPEndPoint Local { get; } = local;

    public IPEndPoint Remote { get; } = remote;

    /// <summary>How long the handshake took.</summary>
    public TimeSpan ConnectTime { get; } = connectTime;
}
