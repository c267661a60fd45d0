using System.Net;

namespace EchoSocket;

/// <summary>
/// Is told what happens on a server's connection, as it happens, on the thread that serves it. What an observer
/// throws ends the connection in order and reaches the caller of <see cref="EchoServer.ServeOne"/>.
/// </summary>
public interface IEchoObserver
{
    /// <summary>A client was accepted.</summary>
    void Connected(IPEndPoint remote);

    /// <summary>Bytes came, as the client sent them. They are the observer's only until it returns.</summary>
    void Received(byte[] buffer, int count);

    /// <summary>The connection ended.</summary>
    void Ended(EchoConnection connection);
}
