using System.Net;

namespace EchoSocket.Tests;

/// <summary>An observer that does nothing; a test overrides what it needs.</summary>
internal abstract class Observer : IEchoObserver
{
    public virtual bool ObservesReceived => true;

    public virtual bool IsFull => false;

    public virtual void Connected(IPEndPoint remote)
    {
    }

    public virtual void Refused(IPEndPoint remote)
    {
    }

    public virtual void Received(IPEndPoint remote, byte[] buffer, int count)
    {
    }

    public virtual void Injected(IPEndPoint remote, InjectedFault fault)
    {
    }

    public virtual void Ended(IPEndPoint remote, ConnectionResult connection)
    {
    }

    public virtual void Warned(string message)
    {
    }
}
