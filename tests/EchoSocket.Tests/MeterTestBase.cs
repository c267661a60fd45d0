using System;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>What tests of a meter over real connections need. They run with each poller.</summary>
public abstract class MeterTestBase
{
    private protected abstract IPoller Create();

    private protected EchoMeterOptions Options(int port, Action<EchoMeterOptions>? configure = null)
    {
        using (Create())
        {
            // skips the test if this system has no such poller
        }

        var options = new EchoMeterOptions { Port = port, Poller = Create, OperationTimeout = Bounded.Limit };
        configure?.Invoke(options);
        return options;
    }

    private protected MeterResult Run(ScriptedServer server, Action<EchoMeterOptions>? configure = null) =>
        Run(server.EndPoint.Port, configure);

    private protected MeterResult Run(TestServer server, Action<EchoMeterOptions>? configure = null) =>
        Run(server.EndPoint.Port, configure);

    private protected MeterResult Run(int port, Action<EchoMeterOptions>? configure) =>
        new EchoMeter(Options(port, configure)).Run(TestContext.Current.CancellationToken);

    private protected static TestServer Server(EchoTransform transform = EchoTransform.Upper) =>
        new(new EchoServerOptions { Port = 0, Transform = transform }, new Recorder());
}
