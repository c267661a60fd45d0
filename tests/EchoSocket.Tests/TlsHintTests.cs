using System;
using System.Net.Sockets;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>A client without TLS that may talk to a server with TLS says so. One that has got a reply, or uses TLS, does not.</summary>
public class TlsHintTests
{
    private const string Hint = " If the server uses TLS, give the option UseTls.";
    private const string AlertHint = " Those are the bytes of a TLS alert: the server uses TLS. Give the option UseTls.";

    private static readonly byte[] Message = "hello"u8.ToArray();

    [Fact]
    public async Task A_server_that_closes_at_once_may_use_TLS()
    {
        using var server = new TestServer(new EchoServerOptions { Port = 0, Tls = new EchoServerTls() }, new Recorder());

        Assert.Contains(Hint, Exchange(server.EndPoint.Port).Message, StringComparison.Ordinal);
        Assert.Contains(Hint, InFlight(server.EndPoint.Port).Message, StringComparison.Ordinal);
        Assert.Contains(Hint, Measure(server.EndPoint.Port).Detail, StringComparison.Ordinal);
        Assert.Equal("closed early; 0 of 64 bytes came." + Hint, PathProbe.Run("127.0.0.1", server.EndPoint.Port, Bounded.Limit).Reason);
        await server.StopAsync();
    }

    [Fact]
    public async Task A_server_that_resets_at_once_may_use_TLS()
    {
        Action<Socket> reset = peer =>
        {
            peer.ReadExactly(1);
            peer.Reset();
        };
        using var server = new ScriptedServer(reset, reset);

        Assert.Contains(Hint, Exchange(server.Port).Message, StringComparison.Ordinal);
        Assert.Equal("reset; 0 of 64 bytes came." + Hint, PathProbe.Run("127.0.0.1", server.Port, Bounded.Limit).Reason);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_server_that_answers_with_an_alert_uses_TLS()
    {
        Action<Socket> alert = peer =>
        {
            peer.ReadExactly(5);
            peer.Send([0x15, 3, 1, 0, 2, 2, 70]); // protocol_version
            peer.Shutdown(SocketShutdown.Send);
            while (peer.Receive(new byte[4096]) > 0)
            {
            }
        };
        using var server = new ScriptedServer(alert, alert, alert, alert);

        Assert.EndsWith(AlertHint, Exchange(server.Port).Message, StringComparison.Ordinal);
        Assert.EndsWith(AlertHint, InFlight(server.Port).Message, StringComparison.Ordinal);
        Assert.Contains(AlertHint, Measure(server.Port).Detail, StringComparison.Ordinal);
        Assert.EndsWith(AlertHint, PathProbe.Run("127.0.0.1", server.Port, Bounded.Limit).Reason, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_server_that_has_answered_before_uses_no_TLS()
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(peer.ReadExactly(5));
            peer.ReadExactly(5);
            peer.Shutdown(SocketShutdown.Send);
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint);
        client.Exchange(Message, 5, new byte[6]);

        var error = Assert.Throws<EchoException>(() => client.Exchange(Message, 5, new byte[6]));

        Assert.Equal(EchoError.ConnectionClosedEarly, error.Error);
        Assert.DoesNotContain("TLS", error.Message, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_client_with_TLS_gets_no_such_hint()
    {
        using var server = new TestServer(
            new EchoServerOptions { Port = 0, Tls = new EchoServerTls { Certificate = TestCertificates.Server, RequireClientCertificate = true } }, new Recorder());

        var error = Assert.Throws<EchoException>(() =>
        {
            using var client = Peers.Client(server.EndPoint, tls: new EchoClientTls { TrustedCertificates = [TestCertificates.Authority] });
            client.Exchange(Message, 5, new byte[6]);
        });

        Assert.DoesNotContain("UseTls", error.Message, StringComparison.Ordinal);
        await server.StopAsync();
    }

    private static EchoException Exchange(int port)
    {
        using var client = EchoClient.Connect(new EchoClientOptions { Port = port }, TestContext.Current.CancellationToken);
        return Assert.Throws<EchoException>(() => client.Exchange(Message, 5, new byte[6]));
    }

    private static MeterResult Measure(int port) =>
        new EchoMeter(new EchoMeterOptions { Port = port }).Run(TestContext.Current.CancellationToken);

    private static EchoException InFlight(int port)
    {
        using var client = EchoClient.Connect(new EchoClientOptions { Port = port }, TestContext.Current.CancellationToken);
        var pipeline = client.StartPipeline(8);
        Assert.True(pipeline.TrySend(Message, 5));
        return Assert.Throws<EchoException>(() => pipeline.TryReceive(new byte[6], wait: true, out _, out _));
    }
}
