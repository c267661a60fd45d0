using System;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>What a server's event loops share. Thread-safe, because it is immutable or its parts are thread-safe.</summary>
internal sealed class ServerContext
{
    private readonly Lazy<TlsServer> _wrongTls;

    public ServerContext(Socket[] listeners, EchoServerOptions options, TlsServer? tls, int seed, int loops, IEchoObserver? observer)
    {
        Options = options;
        Tls = tls;
        Seed = seed;
        UnsentBudget = options.UnsentBudget / loops;
        Observer = observer is not null && loops > 1 ? new SerialObserver(observer) : observer;
        LocalEndPoint = Local(listeners);
        _wrongTls = new Lazy<TlsServer>(() => tls!.WithSelfSigned(SelfSignedCertificate.Create(["wrong.invalid"])));
    }

    public EchoServerOptions Options { get; }

    /// <summary>What all TLS connections share; null without TLS.</summary>
    public TlsServer? Tls { get; }

    /// <summary>The same with a certificate that no client accepts.</summary>
    public TlsServer WrongTls => _wrongTls.Value;

    /// <summary>Makes what is random about the faults repeatable.</summary>
    public int Seed { get; }

    /// <summary>How many bytes of unsent replies each loop keeps.</summary>
    public long UnsentBudget { get; }

    /// <summary>Observes all connections, one call at a time.</summary>
    public IEchoObserver? Observer { get; }

    /// <summary>The local endpoint of every connection; null if connections may differ in it.</summary>
    public string? LocalEndPoint { get; }

    private static string? Local(Socket[] listeners) =>
        listeners.Length == 1 && EndPoints.Unmap(listeners[0].LocalEndPoint!) is var only
        && !only.Address.Equals(IPAddress.Any) && !only.Address.Equals(IPAddress.IPv6Any)
            ? only.ToString()
            : null;
}
