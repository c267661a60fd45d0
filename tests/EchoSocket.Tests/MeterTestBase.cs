using System;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>What tests of a meter over real connections need. They run with each poller, plain and over TLS.</summary>
public abstract class MeterTestBase
{
    private protected virtual bool Tls => false;

    private protected abstract IPoller Create();

    /// <summary>A server that runs this script for its first client, after the handshake.</summary>
    private protected ScriptedServer Scripted(Action<TestPeer> script) => new(socket =>
    {
        using var peer = new TestPeer(socket, Tls);
        script(peer);
    });

    private protected EchoMeterOptions Options(int port, Action<EchoMeterOptions>? configure = null)
    {
        using (Create())
        {
            // skips the test if this system has no such poller
        }

        var options = new EchoMeterOptions { Port = port, Poller = Create, OperationTimeout = Bounded.Limit };
        if (Tls)
            options.Tls = new EchoClientTls { TrustedCertificates = [TestCertificates.Authority] };
        configure?.Invoke(options);
        return options;
    }

    private protected MeterResult Run(ScriptedServer server, Action<EchoMeterOptions>? configure = null) =>
        Run(server.EndPoint.Port, configure);

    private protected MeterResult Run(TestServer server, Action<EchoMeterOptions>? configure = null) =>
        Run(server.EndPoint.Port, configure);

    private protected MeterResult Run(int port, Action<EchoMeterOptions>? configure) =>
        new EchoMeter(Options(port, configure)).Run(TestContext.Current.CancellationToken);

    private protected TestServer Server(EchoTransform transform = EchoTransform.Upper)
    {
        var options = new EchoServerOptions { Port = 0, Transform = transform };
        if (Tls)
            options.Tls = new EchoServerTls { Certificate = TestCertificates.Server };
        return new TestServer(options, new Recorder());
    }
}
