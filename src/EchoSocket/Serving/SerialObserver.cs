using System;
using System.Net;

namespace EchoSocket.Serving;

/// <summary>
/// Forwards the events of several threads one at a time, and none after the observer has thrown. Thread-safe.
/// </summary>
internal sealed class SerialObserver(IEchoObserver observer) : IEchoObserver
{
    private readonly object _gate = new(); // guards the observer and _failed
    private bool _failed;

    public bool ObservesReceived => observer.ObservesReceived;

    public bool IsFull
    {
        get
        {
            var full = false;
            Call(() => full = observer.IsFull);
            return full;
        }
    }

    public void Connected(IPEndPoint remote) => Call(() => observer.Connected(remote));

    public void Refused(IPEndPoint remote) => Call(() => observer.Refused(remote));

    public void Received(IPEndPoint remote, byte[] buffer, int count) => Call(() => observer.Received(remote, buffer, count));

    public void Injected(IPEndPoint remote, InjectedFault fault) => Call(() => observer.Injected(remote, fault));

    public void Ended(IPEndPoint remote, ConnectionResult connection) => Call(() => observer.Ended(remote, connection));

    public void Warned(string message) => Call(() => observer.Warned(message));

    private void Call(Action call)
    {
        lock (_gate)
        {
            if (_failed)
                return;

            try
            {
                call();
            }
            catch
            {
                _failed = true;
                throw;
            }
        }
    }
}
