using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket.Measuring;

/// <summary>The state of one socket of a measurement over UDP. For the measuring thread.</summary>
internal sealed class MeteredSocket(Socket socket, ITransport transport, int token, int number, long timeout) : IPaced
{
    public Socket Socket { get; } = socket;

    public ITransport Transport { get; } = transport;

    public int Token { get; } = token;

    public int Number { get; } = number;

    public DatagramLog Log { get; } = new(timeout);

    /// <summary>Whether the server upper-cases letters, as far as its replies have shown.</summary>
    public EchoForms Forms { get; set; } = EchoForms.Any;

    /// <summary>True while a datagram waits for room in the send buffer, and the poller watches for that.</summary>
    public bool AwaitsRoom { get; set; }

    public int Outstanding => Log.Outstanding + (AwaitsRoom ? 1 : 0);

    public long BegunInPhase => Log.Sent + (AwaitsRoom ? 1 : 0);

    public long SettledInPhase => Log.Sent - Log.Outstanding;
}
