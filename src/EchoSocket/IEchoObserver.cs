using System.Net;

namespace EchoSocket;

/// <summary>
/// Is told what happens on a server's connections, as it happens, on the thread that serves them. What an observer throws
/// ends the server, its connections in order, and reaches the caller of <see cref="EchoServer.ServeOne"/> or
/// <see cref="EchoServer.ServeMany"/>.
/// </summary>
public interface IEchoObserver
{
    /// <summary>
    /// True while the observer can't take more. No further client is accepted then; those already there are served.
    /// </summary>
    bool IsFull { get; }

    /// <summary>A client was accepted.</summary>
    void Connected(IPEndPoint remote);

    /// <summary>Bytes came, as the client sent them. They are the observer's only until it returns.</summary>
    void Received(IPEndPoint remote, byte[] buffer, int count);

    /// <summary>A connection ended.</summary>
    void Ended(EchoConnection connection);

    /// <summary>Something is wrong that the server gets over.</summary>
    void Warned(string message);
}
