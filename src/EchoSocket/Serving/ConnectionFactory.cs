using System;
using EchoSocket.Faults;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>
/// Makes a connection of an accepted client: with TLS, with what records its bytes, and with faults, where there is such a thing.
/// For the loop's thread, except <see cref="Use"/>.
/// </summary>
internal sealed class ConnectionFactory
{
    private readonly IPoller _poller;
    private readonly TlsServer? _tls;
    private readonly FaultServices _services;
    private readonly int _keepReceived;
    private readonly int _seed;
    private readonly Lazy<TlsServer> _wrongTls;
    private readonly TlsBuffers? _buffers;
    private volatile Func<ITransport, int, ServedConnection> _create;
    private long _number;

    public ConnectionFactory(IPoller poller, TlsServer? tls, FaultServices services, int keepReceived, EchoFault[] faults, int seed)
    {
        _poller = poller;
        _tls = tls;
        _services = services;
        _keepReceived = keepReceived;
        _seed = seed;
        _wrongTls = new Lazy<TlsServer>(() => tls!.WithSelfSigned(SelfSignedCertificate.Create(["wrong.invalid"])));
        _buffers = tls is null ? null : new TlsBuffers();
        _create = Creator(faults);
    }

    /// <summary>Makes a connection of a client that may connect.</summary>
    public ServedConnection Create(ITransport client, int token) => _create(client, token);

    /// <summary>From any thread: new connections have these faults.</summary>
    public void Use(EchoFault[] faults) => _create = Creator(faults);

    private Func<ITransport, int, ServedConnection> Creator(EchoFault[] faults) =>
        faults.Length > 0 ? (client, token) => CreateFaulty(client, token, faults)
        : _keepReceived > 0 ? (client, token) => CreateRecorded(Secure(client, token, _tls), token)
        : _tls is null ? CreatePlain
        : (client, token) => CreatePlain(Secure(client, token, _tls), token);

    private ServedConnection CreatePlain(ITransport client, int token) => new(token, client, ++_number);

    private ServedConnection CreateRecorded(ITransport client, int token)
    {
        var recording = new RecordingTransport(client, _keepReceived);
        return new ServedConnection(token, recording, ++_number) { Recording = recording };
    }

    private ServedConnection CreateFaulty(ITransport client, int token, EchoFault[] faults)
    {
        var now = _services.Clock();
        var plan = new FaultPlan(faults, _seed, _number + 1, now) { IsEstablished = _tls is null };
        var tls = plan.WrongCertificate is null ? _tls : _wrongTls.Value;
        var transport = plan.FailHandshake is { } fault
            ? new FailingHandshake(client, () => plan.Record(fault, 0, _services.Clock()))
            : Secure(client, token, tls);
        var recording = _keepReceived > 0 ? new RecordingTransport(transport, _keepReceived) : null;
        var faulty = new FaultyTransport(recording ?? transport, client, transport as TlsTransport, plan, _services, token);
        var connection = new ServedConnection(token, faulty, ++_number, now) { Recording = recording, Faulty = faulty };
        faulty.Begin(connection);
        return connection;
    }

    private ITransport Secure(ITransport client, int token, TlsServer? tls) =>
        tls is null ? client : new TlsTransport(client, _buffers!, tls, () => _poller.Report(token));
}
