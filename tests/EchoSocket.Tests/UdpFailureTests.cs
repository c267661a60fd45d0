using System;
using System.Net.Sockets;
using System.Threading.Tasks;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Sockets that fail to send or to receive: no reply is lost in silence.</summary>
public class UdpFailureTests
{
    [Theory]
    [InlineData(SocketError.WouldBlock, 3)]
    [InlineData(SocketError.NoBufferSpaceAvailable, 3)]
    [InlineData(SocketError.ConnectionRefused, 1)] // an ICMP error of an earlier reply
    public async Task A_reply_that_the_system_does_not_take_at_once_is_sent_later(SocketError error, int times)
    {
        using var server = Failing(error, times);
        using var client = new UdpClientSocket();
        for (byte i = 0; i < 40; i++)
            client.Send([i], "127.0.0.1", server.Port);

        for (byte i = 0; i < 40; i++)
            Assert.Equal([i], client.Receive(out _));
        await server.StopAsync();
        Assert.Equal((40, 40, 0), (server.Server.MessagesReceived, server.Server.MessagesSent, server.Server.UnsentReplies));
        Assert.Empty(server.Recorder.Events);
    }

    [Theory]
    [InlineData(SocketError.AccessDenied)]
    [InlineData(SocketError.NetworkUnreachable)]
    [InlineData(SocketError.NoBufferSpaceAvailable)]
    public async Task A_reply_that_can_not_be_sent_is_counted_and_told_and_the_next_one_is_sent(SocketError error)
    {
        var tries = error == SocketError.NoBufferSpaceAvailable ? 101 : 2;
        using var server = Failing(error, tries);
        using var client = new UdpClientSocket();
        client.Send([1], "127.0.0.1", server.Port);
        Bounded.Until(() => server.Server.UnsentReplies == 1);

        Assert.Equal([2], client.Exchange([2], server.Port));

        await server.StopAsync();
        Assert.Equal((2, 1, 1), (server.Server.MessagesReceived, server.Server.MessagesSent, server.Server.UnsentReplies));
        Assert.StartsWith($"{client.EndPoint} unanswered: ", Assert.Single(server.Recorder.Events), StringComparison.Ordinal);
        Assert.Contains(error.ToString(), Assert.Single(server.Recorder.Events), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reply_that_is_not_sent_when_the_server_is_stopped_is_counted_and_told()
    {
        using var server = Failing(SocketError.WouldBlock, int.MaxValue);
        using var client = new UdpClientSocket();
        client.Send([1], "127.0.0.1", server.Port);
        Bounded.Until(() => server.Server.MessagesReceived == 1);

        await server.StopAsync();

        Assert.Equal((0, 1), (server.Server.MessagesSent, server.Server.UnsentReplies));
        Assert.Single(server.Recorder.Events);
    }

    [Fact]
    public async Task Errors_of_earlier_replies_that_a_receive_reports_do_not_end_the_server()
    {
        FailingSocket? failing = null;
        using var server = new UdpTestServer(new EchoUdpServerOptions { Wrap = s => failing = new FailingSocket(s) });
        using var client = new UdpClientSocket();
        foreach (var error in new[] { SocketError.ConnectionRefused, SocketError.ConnectionReset, SocketError.HostUnreachable, SocketError.MessageSize })
        {
            Bounded.Until(() => failing is not null);
            failing!.OnReceive.Enqueue(error);
            Assert.Equal([1], client.Exchange([1], server.Port));
        }

        await server.StopAsync();
        Assert.Equal(4, server.Server.MessagesSent);
    }

    // IP_RECVERR lets Linux report the ICMP messages that it otherwise keeps from a socket without a connection.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_is_gone_when_its_reply_comes_does_not_end_the_server(bool portable)
    {
        DatagramWays.SkipUnlessPossible(portable: false);
        using var server = new UdpTestServer(DatagramWays.Options(portable));
        server.Server.Sockets[0].SetRawSocketOption(0, 11, BitConverter.GetBytes(1));
        using var client = new UdpClientSocket();
        for (var i = 0; i < 20; i++)
        {
            using (var gone = new UdpClientSocket())
                gone.Send([1], "127.0.0.1", server.Port);
            Assert.Equal([2], client.Exchange([2], server.Port));
        }

        await server.StopAsync();
        Assert.Equal((40, 40), (server.Server.MessagesReceived, server.Server.MessagesSent + server.Server.UnsentReplies));
    }

    [Fact]
    public async Task A_socket_that_can_not_receive_any_more_is_a_SocketFailure()
    {
        FailingSocket? failing = null;
        using var server = new UdpTestServer(new EchoUdpServerOptions { Wrap = s => failing = new FailingSocket(s) });
        using var client = new UdpClientSocket();
        client.Exchange([1], server.Port);
        failing!.OnReceive.Enqueue(SocketError.NotSocket);
        client.Send([1], "127.0.0.1", server.Port);

        var error = await Assert.ThrowsAsync<EchoException>(() => server.Serving.Soon());

        Assert.Equal(EchoError.SocketFailure, error.Error);
        Assert.Contains($"Receiving on {server.Server.LocalEndPoint} failed", error.Message, StringComparison.Ordinal);
    }

    private static UdpTestServer Failing(SocketError error, int times) => new(new EchoUdpServerOptions
    {
        Wrap = socket =>
        {
            var failing = new FailingSocket(socket) { SendError = error, SendFailures = times };
            return failing;
        },
    });

    /// <summary>A socket whose sends and receives fail as a test says.</summary>
    private sealed class FailingSocket(IDatagramSocket socket) : IDatagramSocket
    {
        public System.Collections.Concurrent.ConcurrentQueue<SocketError> OnReceive { get; } = new();

        public SocketError SendError { get; init; }

        public int SendFailures { get; set; }

        public Socket Socket => socket.Socket;

        public byte[] Buffer => socket.Buffer;

        public Datagram[] Batch => socket.Batch;

        public bool CanWait => false; // so that each receive comes here

        public int Receive(int max, bool wait, out SocketError error) =>
            OnReceive.TryDequeue(out error) ? 0 : socket.Receive(max, wait: false, out error);

        public int Send(int first, int count, out SocketError error)
        {
            if (SendFailures-- <= 0)
                return socket.Send(first, Math.Min(count, 5), out error); // and no more at once

            error = SendError;
            return 0;
        }

        public void EndWait() => socket.EndWait();

        public void Dispose() => socket.Dispose();
    }
}
