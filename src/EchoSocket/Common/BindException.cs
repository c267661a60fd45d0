using System.Net.Sockets;

namespace EchoSocket.Common;

/// <summary>A client's socket could not be bound to its source address and port. (The errors of connecting have the same codes.)</summary>
internal sealed class BindException(SocketError error) : SocketException((int)error)
{
}
