using System.Net;

namespace EchoSocket.Tests;

/// <summary>An observer that a test overrides where it is interested.</summary>
internal abstract class Observer : IEchoObserver
{
    public virtual bool IsFull => false;

    public virtual void Connected(IPEndPoint remote)
    {
    }

    public virtual void Received(IPEndPoint remote, byte[] buffer, int count)
    {
    }

    public virtual void Ended(IPEndPoint remote, ConnectionResult connection)
    {
    }

    public virtual void Warned(string message)
    {
    }
}
