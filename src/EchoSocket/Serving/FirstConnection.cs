using System.Net;

namespace EchoSocket.Serving;

/// <summary>Keeps the result of the first connection that ends, and forwards every event.</summary>
internal sealed class FirstConnection(IEchoObserver? next) : IEchoObserver
{
    public ConnectionResult? Result { get; private set; }

    public bool ObservesReceived => next is { ObservesReceived: true };

    public bool IsFull => next is { IsFull: true };

    public void Connected(IPEndPoint remote) => next?.Connected(remote);

    public void Refused(IPEndPoint remote) => next?.Refused(remote);

    public void Received(IPEndPoint remote, byte[] buffer, int count) => next?.Received(remote, buffer, count);

    public void Injected(IPEndPoint remote, InjectedFault fault) => next?.Injected(remote, fault);

    public void Ended(IPEndPoint remote, ConnectionResult connection)
    {
        Result ??= connection;
        next?.Ended(remote, connection);
    }

    public void Warned(string message) => next?.Warned(message);
}
