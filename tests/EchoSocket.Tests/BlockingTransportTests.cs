using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using EchoSocket.Common;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Receiving, sending and closing with blocking calls.</summary>
public sealed class BlockingTransportTests : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _peer;
    private readonly Socket _socket;
    private readonly BlockingTransport _transport;

    public BlockingTransportTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _peer = Peers.Call((IPEndPoint)_listener.LocalEndPoint!);
        _socket = _listener.Accept();
        Peers.SetTimeouts(_socket);
        _transport = new BlockingTransport(_socket);
    }

    public void Dispose()
    {
        _transport.Dispose();
        _peer.Dispose();
        _listener.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    public void Closing_sends_FIN_even_if_input_was_left_unread(int unread)
    {
        _socket.ReceiveBufferSize = 1024 * 1024;
        _peer.Send(new byte[unread]);
        Bounded.Until(() => _socket.Available == unread);

        _transport.Dispose();

        // After a reset either the send (on Linux) or the receive (elsewhere) throws.
        Assert.Equal(0, _peer.Receive(new byte[1]));
        Assert.Equal(1, _peer.Send("x"u8));
    }

    [Fact]
    public async Task Closing_ends_the_send_of_a_peer_that_filled_the_receive_buffer()
    {
        await Peers.Fill(_peer);
        _peer.SendTimeout = 0; // none
        var sending = Bounded.Start(() => Assert.Throws<SocketException>(() => _peer.Send(new byte[64 * 1024 * 1024])));

        _transport.Dispose();

        await sending.Soon();
    }

    [Fact]
    public async Task Closing_after_a_shutdown_ends_the_send_of_a_peer_that_filled_the_receive_buffer()
    {
        await Peers.Fill(_peer);
        _peer.SendTimeout = 0; // none
        var sending = Bounded.Start(() => Assert.Throws<SocketException>(() => _peer.Send(new byte[64 * 1024 * 1024])));
        _transport.Shutdown();

        _transport.Dispose();

        await sending.Soon();
    }

    [Fact]
    public void A_receive_fails_with_a_time_out_when_it_is_due_and_reads_nothing_afterwards()
    {
        _peer.Send("late"u8);
        Bounded.Until(() => _socket.Available == 4);

        Assert.Equal(0, _transport.Receive(new byte[4], 0, 4, Stopwatch.GetTimestamp(), out var error));

        Assert.Equal(SocketError.TimedOut, error);
        Assert.Equal(4, _socket.Available);
    }

    [Fact]
    public void A_later_receive_may_wait_longer_than_the_one_before_it()
    {
        Assert.Equal(0, Receive(milliseconds: 20, out _));
        Assert.Equal(20, _socket.ReceiveTimeout);
        _peer.Send("x"u8);

        Assert.Equal(1, Receive(milliseconds: 20_000, out var error));

        Assert.Equal(SocketError.Success, error);
        Assert.InRange(_socket.ReceiveTimeout, 15_000, 20_000);
    }

    [Fact]
    public void A_later_receive_fails_sooner_if_it_is_due_sooner()
    {
        _peer.Send("x"u8);
        Assert.Equal(1, Receive(milliseconds: 20_000, out _));

        Assert.Equal(0, Receive(milliseconds: 50, out var error));

        Assert.Contains(error, new[] { SocketError.TimedOut, SocketError.WouldBlock });
        Assert.InRange(_socket.ReceiveTimeout, 1, 50);
    }

    [Fact]
    public void A_send_that_runs_out_of_time_is_a_time_out()
    {
        _socket.SendTimeout = 200;

        Assert.Equal(SocketError.TimedOut, _transport.Send(new byte[64 * 1024 * 1024], 64 * 1024 * 1024));
    }

    [Fact]
    public void A_send_that_the_peer_resets_is_a_reset()
    {
        var sending = Bounded.Start(() => _transport.Send(new byte[64 * 1024 * 1024], 64 * 1024 * 1024));
        _peer.ReadExactly(1);
        _peer.Reset();

        Assert.True(SocketErrors.IsReset(sending.Get()));
    }

    [Fact]
    public void After_the_end_every_call_fails_and_throws_nothing()
    {
        _transport.Dispose();
        _transport.Dispose();
        _transport.Shutdown();

        Assert.True(_transport.IsDisposed);
        Assert.True(_transport.IsReadable());
        Assert.Equal(0, Receive(milliseconds: 20, out var error));
        Assert.Equal(SocketError.OperationAborted, error);
        Assert.Equal(SocketError.OperationAborted, _transport.Send(new byte[1], 1));
    }

    private int Receive(int milliseconds, out SocketError error) =>
        _transport.Receive(new byte[1], 0, 1, Stopwatch.GetTimestamp() + Clock.Ticks(TimeSpan.FromMilliseconds(milliseconds)), out error);
}
