using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

public class EpollHandshakeMeterTests : TlsMeterTests
{
    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectHandshakeMeterTests : TlsMeterTests
{
    private protected override IPoller Create() => new SelectPoller();
}

/// <summary>What only a measurement over TLS has: handshakes, and what the result says about them.</summary>
public abstract class TlsMeterTests : MeterTestBase
{
    private protected override bool Tls => true;

    [Fact]
    public void The_result_has_the_handshake_and_the_certificate()
    {
        using var server = Server();

        var result = Run(server, o => (o.Connections, o.Count) = (40, 80));

        Assert.Equal((80L, 40, ""), (result.Received, result.Connections, result.Detail));
        Assert.StartsWith("Tls1", result.Tls!.Protocol, StringComparison.Ordinal);
        Assert.Equal(("CN=localhost", "CN=an authority"), (result.Tls.Subject, result.Tls.Issuer));
        Assert.InRange(result.Tls.HandshakeTime, TimeSpan.FromTicks(1), Bounded.Limit);
        Assert.InRange(result.TlsTime!.Value, TimeSpan.FromTicks(1), Bounded.Limit);
    }

    [Fact]
    public void The_handshake_is_part_of_no_round_trip()
    {
        var delay = TimeSpan.FromMilliseconds(500);
        using var never = new ManualResetEventSlim();
        using var server = new ScriptedServer(socket =>
        {
            never.Wait(delay);
            using var peer = new TestPeer(socket, tls: true);
            for (var message = 0; message < 10; message++)
                peer.Send(peer.ReadExactly(32));
        });

        var result = Run(server, o => (o.Count, o.WarmupCount) = (10, 0));

        Assert.Equal(10, result.Received);
        Assert.InRange(result.TlsTime!.Value, delay * 0.9, Bounded.Limit);
        Assert.True(result.ConnectTime < delay, $"{result.ConnectTime}");
        Assert.True(result.Minimum < delay, $"{result.Minimum}");
        Assert.True(result.Mean < result.TlsTime, $"{result.Mean}");
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted_fails_each_connection()
    {
        using var server = Server();

        var result = Run(server, o => (o.Connections, o.Tls) = (3, new EchoClientTls()));

        Assert.Equal(3, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.AuthenticationFailed)).Value);
        Assert.Contains("is not trusted: its issuer (CN=an authority) is unknown.", result.Detail, StringComparison.Ordinal);
        Assert.Equal((0L, 0L, null, null), (result.Sent, result.Received, result.TlsTime, result.Tls));
        await server.Recorder.Ended(3);
    }

    [Fact]
    public void A_server_without_TLS_is_named()
    {
        using var plain = new TestServer(new EchoServerOptions { Port = 0 }, new Recorder());

        var result = Run(plain, o => o.Connections = 2);

        Assert.Equal(2, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.AuthenticationFailed)).Value);
        Assert.Contains("The server does not speak TLS", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_whose_handshake_fails_leaves_the_others()
    {
        using var server = new ScriptedServer(
            socket => socket.Send("220 ready\r\n"u8),
            socket =>
            {
                using var peer = new TestPeer(socket, tls: true);
                for (var message = 0; message < 6; message++)
                    peer.Send(peer.ReadExactly(32));
            });

        var result = Run(server, o => (o.Connections, o.Count) = (2, 5));

        Assert.Equal(1, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.AuthenticationFailed)).Value);
        Assert.Equal((5L, 0L), (result.Received, result.Lost));
    }

    [Fact]
    public async Task A_server_that_stalls_in_the_handshake_is_given_up_in_time()
    {
        using var server = new ScriptedServer(socket =>
        {
            while (socket.Receive(new byte[4096]) > 0)
            {
            }
        });

        var result = Run(server, o => o.ConnectionTimeout = TimeSpan.FromMilliseconds(300));

        Assert.Equal(1, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.ConnectionTimeout)).Value);
        Assert.Contains("The TLS handshake with ", result.Detail, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Fact]
    public async Task Stopping_ends_a_handshake_at_once()
    {
        using var stop = new CancellationTokenSource();
        using var server = new ScriptedServer(socket =>
        {
            socket.Receive(new byte[4096]);
            stop.Cancel();
            while (socket.Receive(new byte[4096]) > 0)
            {
            }
        });
        var options = Options(server.Port, o => o.ConnectionTimeout = TimeSpan.FromHours(1));

        var result = await Bounded.Start(() => new EchoMeter(options).Run(stop.Token)).Soon();

        Assert.Equal((0L, "The run was stopped."), (result.Sent, result.Detail));
        await server.Done.Soon();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_measurement_ends_with_close_notify(bool stopped)
    {
        using var server = Server();
        using var stop = new CancellationTokenSource();
        var meter = new EchoMeter(Options(server.EndPoint.Port, o =>
        {
            o.Connections = 3;
            if (stopped)
                o.Duration = TimeSpan.FromHours(1);
        }));
        var running = Bounded.Start(() => meter.Run(stop.Token));
        if (stopped)
        {
            Bounded.Until(() => meter.Received > 10);
            await stop.CancelAsync();
        }

        await running.Soon();

        await server.Recorder.Ended(3);
        Assert.All(server.Recorder.Connections, c => Assert.Equal((EndReason.PeerClosed, ""), (c.EndReason, c.Detail)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_connection_that_is_cut_is_told_from_one_that_was_closed(bool cut)
    {
        using var server = Scripted(peer =>
        {
            peer.Send(peer.ReadExactly(32));
            peer.ReadExactly(32);
            if (cut)
                peer.Cut();
            else
                peer.CloseSending();
            peer.Receive(new byte[1]);
        });

        var result = Run(server);

        Assert.Equal(1, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.ConnectionClosedEarly)).Value);
        Assert.Equal(cut, result.Detail.Contains("The server closed without a TLS close_notify", StringComparison.Ordinal));
    }

    [Fact]
    public void A_server_that_requires_a_certificate_gets_the_clients()
    {
        using var server = new TestServer(
            new EchoServerOptions
            {
                Port = 0,
                Tls = new EchoServerTls { Certificate = TestCertificates.Server, RequireClientCertificate = true, TrustedClients = [TestCertificates.Authority] },
            },
            new Recorder());

        var without = Run(server, o => o.Connections = 2);
        var with = Run(server, o =>
        {
            o.Connections = 2;
            o.Tls!.ClientCertificate = TestCertificates.Client;
        });

        Assert.Equal(2, without.Errors.Values.Sum());
        Assert.Contains("certificate", without.Detail, StringComparison.Ordinal);
        Assert.Equal((1000L, ""), (with.Received, with.Detail));
    }

    [Fact]
    public void A_meter_copies_what_is_said_about_TLS()
    {
        using var server = Server();
        var options = Options(server.EndPoint.Port, o => o.Count = 5);
        var meter = new EchoMeter(options);
        options.Tls!.TrustedCertificates = [];

        Assert.Equal(5, meter.Run(TestContext.Current.CancellationToken).Received);
    }
}
