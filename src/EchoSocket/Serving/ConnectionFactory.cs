using EchoSocket.Faults;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>
/// Makes a connection of an accepted client: with TLS, with what records its bytes, and with faults, where there is such a thing.
/// For the loop's thread.
/// </summary>
internal sealed class ConnectionFactory(ServerContext server, IPoller poller, FaultServices services)
{
    private readonly int _keepReceived = server.Options.KeepReceived;
    private readonly TlsBuffers? _buffers = server.Tls is null ? null : new TlsBuffers();

    /// <summary>Makes a connection of a client that the poller knows by this token.</summary>
    public ServedConnection Create(AcceptedClient client, int token)
    {
        if (client.Faults.Length > 0)
            return CreateFaulty(client, token);

        var transport = Secure(client.Transport, token, server.Tls);
        var recording = Record(transport);
        return new ServedConnection(token, recording ?? transport, client.Number) { Recording = recording };
    }

    private ServedConnection CreateFaulty(AcceptedClient client, int token)
    {
        var now = services.Clock();
        var plan = new FaultPlan(client.Faults, server.Seed, client.Number, now) { IsEstablished = server.Tls is null };
        var transport = plan.FailHandshake is { } fault
            ? new FailingHandshake(client.Transport, () => plan.Record(fault, 0, services.Clock()))
            : Secure(client.Transport, token, plan.WrongCertificate is null ? server.Tls : server.WrongTls);
        var recording = Record(transport);
        var faulty = new FaultyTransport(recording ?? transport, client.Transport, transport as TlsTransport, plan, services, token);
        var connection = new ServedConnection(token, faulty, client.Number, now) { Recording = recording, Faulty = faulty };
        faulty.Begin(connection);
        return connection;
    }

    private ITransport Secure(ITransport client, int token, TlsServer? tls) =>
        tls is null ? client : new TlsTransport(client, _buffers!, tls, () => poller.Report(token));

    private RecordingTransport? Record(ITransport transport) =>
        _keepReceived > 0 ? new RecordingTransport(transport, _keepReceived) : null;
}
