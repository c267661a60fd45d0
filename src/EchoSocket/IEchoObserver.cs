using System.Net;

namespace EchoSocket;

/// <summary>
/// Is told what happens on a server's connections, as it happens, on the thread that serves them. What an observer throws
/// ends the server and its connections, in order but without further calls, and reaches the caller of
/// <see cref="EchoServer.ServeOne"/> or <see cref="EchoServer.ServeMany"/>.
/// </summary>
public interface IEchoObserver
{
    /// <summary>
    /// True while the observer can't take more. No further client is accepted then; those already there are served.
    /// </summary>
    bool IsFull { get; }

    /// <summary>A client was accepted. The same object names its connection in every later call.</summary>
    void Connected(IPEndPoint remote);

    /// <summary>Bytes came, as the client sent them. They are the observer's only until it returns.</summary>
    void Received(IPEndPoint remote, byte[] buffer, int count);

    /// <summary>A connection ended.</summary>
    void Ended(IPEndPoint remote, EchoConnection connection);

    /// <summary>Something is wrong that the server gets over.</summary>
    void Warned(string message);
}
