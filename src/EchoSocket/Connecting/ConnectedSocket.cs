using System;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Connecting;

/// <summary>A socket with a connection; its receiver has to close it. Immutable.</summary>
internal sealed class ConnectedSocket(Socket socket, IPEndPoint local, IPEndPoint remote, TimeSpan connectTime)
{
    public Socket Socket { get; } = socket;

    public IPEndPoint Local { get; } = local;

    public IPEndPoint Remote { get; } = remote;

    /// <summary>How long the handshake took.</summary>
    public TimeSpan ConnectTime { get; } = connectTime;
}
