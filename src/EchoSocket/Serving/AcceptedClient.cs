using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>A client that was accepted and counted, for the event loop that is to serve it.</summary>
internal readonly struct AcceptedClient(ITransport transport, long number, EchoFault[] faults)
{
    public ITransport Transport { get; } = transport;

    /// <summary>Which of the server's connections it is, from 1.</summary>
    public long Number { get; } = number;

    /// <summary>The server's faults at the time.</summary>
    public EchoFault[] Faults { get; } = faults;
}
