using System;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>All faults over TLS, and those of the handshake: told, and interrupted by clients that go away, stops and idle limits.</summary>
public abstract class TlsFaultTests : FaultTests
{
    private protected override bool Tls => true;

    [Fact]
    public async Task A_TLS_handshake_can_fail_stall_or_show_a_wrong_certificate()
    {
        using (var server = Start(EchoFault.FailHandshake()))
        {
            Assert.ThrowsAny<Exception>(() => Call(server));
            await AssertEndedByFault(server, EchoFaultKind.FailHandshake, 0, "fails the TLS handshake");
        }

        using (var server = Start(EchoFault.StallHandshake()))
        {
            using var client = Peers.Call(server.EndPoint);
            client.Send([22, 3, 1]);
            client.Shutdown(SocketShutdown.Send);
            var connection = await End(server);
            Assert.Equal((EndReason.PeerClosed, 0L), (connection.EndReason, connection.BytesReceived));
            AssertInjected(connection, (EchoFaultKind.StallHandshake, 0, 1));
        }

        using (var server = Start(EchoFault.WrongCertificate()))
        {
            using var client = Call(server);
            Assert.Equal("CN=wrong.invalid", client.Tls.RemoteCertificate!.Subject);
            client.Close();
            AssertInjected(await End(server), (EchoFaultKind.WrongCertificate, 0, 1));
        }
    }

    public static TheoryData<string, string> Interruptions
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var kind in new[] { "FailHandshake", "StallHandshake", "WrongCertificate" })
            {
                foreach (var by in new[] { "FIN", "RST", "stop", "idle limit" })
                    data.Add(kind, by);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Interruptions))]
    public async Task A_faulty_TLS_handshake_can_be_interrupted_before_the_clients_first_message(string kind, string by)
    {
        using var server = Start(o => o.IdleTimeout = by == "idle limit" ? Ms(200) : null, HandshakeFault(kind));
        using var client = Peers.Call(server.EndPoint);
        await Task.Run(() => Bounded.Until(() => server.Server.ActiveConnections == 1), TestContext.Current.CancellationToken);

        await Interrupt(server, client, by);
    }

    [Theory]
    [InlineData("FIN")]
    [InlineData("RST")]
    [InlineData("stop")]
    [InlineData("idle limit")]
    public async Task A_connection_with_a_wrong_certificate_can_be_interrupted_after_the_handshake(string by)
    {
        using var server = Start(o => o.IdleTimeout = by == "idle limit" ? Ms(500) : null, EchoFault.WrongCertificate(), EchoFault.Silence());
        using var client = Call(server);
        await Task.Run(() => Bounded.Until(() => server.Recorder.Injections.Count == 2), TestContext.Current.CancellationToken);

        var connection = await Interrupt(server, client.Socket, by);
        AssertInjected(connection, (EchoFaultKind.WrongCertificate, 0, 1), (EchoFaultKind.Silence, 0, 1));
    }

    [Theory]
    [InlineData("FIN")]
    [InlineData("RST")]
    [InlineData("stop")]
    [InlineData("idle limit")]
    public async Task A_wrong_certificate_that_the_client_never_answers_can_be_interrupted(string by)
    {
        using var server = Start(o => o.IdleTimeout = by == "idle limit" ? Ms(500) : null, EchoFault.WrongCertificate());
        using var client = Peers.Call(server.EndPoint);
        client.Send(ClientHello());
        Assert.Equal(1, client.Receive(new byte[1])); // the server's first message

        var connection = await Interrupt(server, client, by, ofHandshake: true);
        AssertInjected(connection, (EchoFaultKind.WrongCertificate, 0, 1));
    }

    [Fact]
    public async Task A_wrong_certificate_is_told_only_if_it_was_shown()
    {
        foreach (var fault in new[] { EchoFault.FailHandshake(), EchoFault.StallHandshake(), EchoFault.RefuseConnection() })
        {
            using var server = Start(EchoFault.WrongCertificate(), fault);
            using var client = Peers.Call(server.EndPoint);
            await Record.ExceptionAsync(() => Task.Run(() => client.Send(ClientHello())));
            await Task.Run(() => Bounded.Until(() => !server.Recorder.Injections.IsEmpty), TestContext.Current.CancellationToken);
            client.Close();
            AssertInjected(await End(server), (fault.Kind, 0, 1));
        }
    }

    private static EchoFault HandshakeFault(string kind) => kind switch
    {
        "FailHandshake" => EchoFault.FailHandshake(),
        "StallHandshake" => EchoFault.StallHandshake(),
        _ => EchoFault.WrongCertificate(),
    };

    // The bytes that .NET's own client begins with.
    private static byte[] ClientHello()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = Peers.Call((IPEndPoint)listener.LocalEndpoint);
        using var server = listener.AcceptSocket();
        Peers.SetTimeouts(server);
        using var tls = new SslStream(new NetworkStream(client));
        var handshake = Record.ExceptionAsync(() => tls.AuthenticateAsClientAsync(TestClient.Options()));
        var hello = new byte[16 * 1024];
        var count = server.Receive(hello);
        server.Close();
        handshake.AsTask().Get();
        return hello[..count];
    }

    private async Task<ConnectionResult> Interrupt(TestServer server, Socket client, string by, bool ofHandshake = false)
    {
        switch (by)
        {
            case "FIN":
                client.Shutdown(SocketShutdown.Send);
                break;
            case "RST":
                client.Reset();
                break;
            case "stop":
                server.Server.Stop();
                break;
        }

        var connection = await End(server);
        var expected = by switch
        {
            "FIN" => ofHandshake ? EndReason.Faulted : EndReason.PeerClosed, // a handshake that is cut has failed
            "RST" => EndReason.PeerReset,
            "stop" => EndReason.Stopped,
            _ => EndReason.IdleTimeout,
        };
        Assert.Equal((expected, 1L, 0), (connection.EndReason, server.Server.TotalConnections, server.Server.ActiveConnections));
        return connection;
    }
}
