using System.Net;

namespace EchoSocket;

/// <summary>
/// Observes a server's connections, on the threads that serve them (<see cref="EchoServerOptions.ThreadCount"/>), one call at a
/// time. Every other thread that has something to report waits meanwhile, so be quick. An exception of the observer ends the
/// server and closes its connections with FIN. The observer then gets no more calls, and the exception reaches the caller of
/// <see cref="EchoServer.ServeOne"/> or <see cref="EchoServer.ServeMany"/>.
/// </summary>
public interface IEchoObserver
{
    /// <summary>
    /// False if <see cref="Received"/> need not be called. The server's threads then don't wait for each other when bytes come. Read once, when serving
    /// begins.
    /// </summary>
    bool ObservesReceived { get; }

    /// <summary>
    /// True while the observer can take no more results. The server then accepts no further client, but serves those it has.
    /// </summary>
    bool IsFull { get; }

    /// <summary>A client was accepted. The same endpoint object identifies its connection in every later call.</summary>
    void Connected(IPEndPoint remote);

    /// <summary>
    /// A client connected that <see cref="EchoServiceOptions.AllowFrom"/> does not include. It was disconnected. No other call
    /// is made for it.
    /// </summary>
    void Refused(IPEndPoint remote);

    /// <summary>
    /// Bytes came, as the client sent them. The buffer is valid only until the call returns. Called only if
    /// <see cref="ObservesReceived"/> is true.
    /// </summary>
    void Received(IPEndPoint remote, byte[] buffer, int count);

    /// <summary>
    /// One of the server's <see cref="EchoServerOptions.Faults"/> acted on the connection for the first time. How often it did so in all
    /// is in the result.
    /// </summary>
    void Injected(IPEndPoint remote, InjectedFault fault);

    /// <summary>A connection ended.</summary>
    void Ended(IPEndPoint remote, ConnectionResult connection);

    /// <summary>Something is wrong, but the server continues.</summary>
    void Warned(string message);
}
