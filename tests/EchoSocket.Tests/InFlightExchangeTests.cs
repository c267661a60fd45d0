using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>What is sent in one piece, and what goes on while both directions are full.</summary>
public sealed class InFlightExchangeTests : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _peer;

    public InFlightExchangeTests()
    {
        // With small buffers of a fixed size, few bytes fill a direction.
        foreach (var socket in new[] { _listener, _socket })
        {
            (socket.SendBufferSize, socket.ReceiveBufferSize) = (4096, 4096);
            Peers.SetTimeouts(socket);
        }

        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _socket.Connect(_listener.LocalEndPoint!);
        _peer = _listener.Accept();
        Peers.SetTimeouts(_peer);
    }

    public void Dispose()
    {
        _socket.Dispose();
        _peer.Dispose();
        _listener.Dispose();
    }

    [Fact]
    public async Task What_becomes_due_during_a_send_goes_in_one_send()
    {
        using var transport = new HeldTransport(_socket);
        var exchange = Exchange(transport, new InFlightRing(10, 100));
        Add(exchange, "one"u8.ToArray());
        var sending = Bounded.Start(exchange.SendDue);
        Assert.True(transport.IsSending.Wait(Bounded.Limit, TestContext.Current.CancellationToken));

        for (var i = 0; i < 9; i++)
        {
            Add(exchange, "two"u8.ToArray());
            exchange.SendDue(); // does nothing, because a send is under way
        }

        transport.Release.Set();
        await sending.Soon();
        exchange.SendDue();
        exchange.SendDue();

        Assert.Equal([3, 27], transport.Sends);
        Assert.Equal("onetwotwotwotwotwotwotwotwotwo"u8.ToArray(), _peer.ReadExactly(30));
    }

    [Fact]
    public async Task A_server_that_reads_on_only_when_its_replies_are_read_does_not_block_a_sending_caller()
    {
        const int Size = 64 * 1024;
        const int Messages = 40;
        using var transport = new BlockingTransport(_socket);
        var exchange = Exchange(transport, new InFlightRing(Messages, Size * Messages));
        var threads = new InFlightThreads(exchange, always: false);
        threads.Start();
        var echoing = Bounded.Start(() =>
        {
            var buffer = new byte[Size];
            for (var left = Size * Messages; left > 0;)
            {
                var count = _peer.Receive(buffer);
                _peer.Send(buffer, count, SocketFlags.None);
                left -= count;
            }
        });
        for (var i = 0; i < Messages; i++)
            Add(exchange, [.. Enumerable.Repeat((byte)i, Size)]);

        await Bounded.Start(exchange.SendDue).Soon(); // the caller sends, and does not receive

        await echoing.Soon();
        Bounded.Until(() => Completed(exchange) == Messages);
        threads.Stop();
    }

    private static InFlightExchange Exchange(BlockingTransport transport, InFlightRing ring) =>
        new(transport, new ReplyReceiver(transport, anyReply: false, TimeSpan.Zero), ring, Bounded.Limit);

    private static void Add(InFlightExchange exchange, byte[] message)
    {
        lock (exchange.Gate)
        {
            Assert.True(exchange.Ring.TryAdd(message, message.Length));
            exchange.Wake();
        }
    }

    private static int Completed(InFlightExchange exchange)
    {
        lock (exchange.Gate)
            return exchange.Ring.Completed;
    }

    /// <summary>Holds the first send until it is released, and notes the size of each.</summary>
    private sealed class HeldTransport(Socket socket) : BlockingTransport(socket)
    {
        public ManualResetEventSlim IsSending { get; } = new();

        public ManualResetEventSlim Release { get; } = new();

        public List<int> Sends { get; } = [];

        public override SocketError Send(byte[] buffer, int offset, int count)
        {
            Sends.Add(count);
            IsSending.Set();
            Assert.True(Release.Wait(Bounded.Limit, TestContext.Current.CancellationToken));
            return base.Send(buffer, offset, count);
        }
    }
}
