using System;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Polling;
using EchoSocket.Serving;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Random plans against random clients over real sockets. Each connection has a plan of its own.</summary>
public class RandomFaultSocketTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Random_plans_and_clients_are_all_accounted_for(bool tls, bool select)
    {
        var count = tls ? 80 : 200;
        var random = new Random(tls ? 3 : 2);
        var faults = Enumerable.Range(1, count).SelectMany(n => Enumerable.Range(0, random.Next(1, 5)).Select(_ => Fault(random, tls).ForConnections(n))).ToArray();
        WatchingPoller? poller = null;
        var options = new EchoServerOptions
        {
            Port = 0, Backlog = 4096, Seed = 5, Faults = faults, KeepReceived = 10, IdleTimeout = TimeSpan.FromMilliseconds(500),
            Tls = tls ? new EchoServerTls() : null, UnsentBudget = UnsentReplies.MaxReadSize,
            Poller = () => poller = new WatchingPoller(select ? new SelectPoller() : Poller.Create()),
        };
        using var server = new TestServer(options, new Recorder());
        var next = 0;
        var clients = Enumerable.Range(0, 16).Select(_ => Bounded.Start(() =>
        {
            for (int number; (number = Interlocked.Increment(ref next)) <= count;)
            {
                try
                {
                    BeClient(server, tls, new Random(number));
                }
                catch (Exception)
                {
                    // what a faulty server does to a client
                }
            }
        }));
        await Task.WhenAll(clients).Soon(2 * Bounded.Limit);
        await server.Recorder.Ended(count).Soon();
        Bounded.Until(() => server.Server.ActiveConnections == 0);

        Assert.Equal((long)count, server.Server.TotalConnections);
        Assert.Equal(Enumerable.Range(1, count).Select(n => (long)n), server.Recorder.Connections.Select(c => c.Connection).Order());
        Assert.Equal(server.Server.BytesSent, server.Recorder.Connections.Sum(c => c.BytesSent));
        Assert.Equal(server.Server.BytesReceived, server.Recorder.Connections.Sum(c => c.BytesReceived));

        // It still serves.
        server.Server.Faults = [];
        using (var client = TestClient.Connect(server.EndPoint, tls))
        {
            client.Send("hello"u8);
            Assert.Equal("HELLO"u8.ToArray(), client.ReadExactly(5));
            client.Close();
        }

        // No timer is left to wait for, and all of the budget for unsent replies is free.
        Bounded.Until(() => server.Server.ActiveConnections == 0 && poller!.Timeout == -1);
        if (!tls)
            Assert.Equal(UnsentReplies.MaxReadSize, poller!.ReadSize);

        await server.StopAsync();
        Assert.Equal((count + 1, 0), (server.Recorder.Connections.Count, server.Server.ActiveConnections));
    }

    private static void BeClient(TestServer server, bool tls, Random random)
    {
        using var socket = Peers.Call(server.EndPoint);
        socket.ReceiveTimeout = socket.SendTimeout = 300;
        if (random.Next(10) == 0)
            return; // before the handshake

        using var client = TestClient.Of(socket, tls);
        for (var left = random.Next(1, 5); left > 0; left--)
        {
            var message = new byte[random.Next(5) == 0 ? random.Next(400_000) : random.Next(1, 200)];
            client.Send(message);
            if (random.Next(3) > 0)
                client.Receive(new byte[message.Length]);
        }

        switch (random.Next(4))
        {
            case 0:
                client.Reset();
                break;
            case 1:
                client.CloseSending();
                for (var reads = 0; reads < 20 && client.Receive(new byte[1000]) > 0; reads++)
                {
                    // until the server ends it
                }

                break;
            case 2:
                client.CloseSending();
                client.Reset();
                break;
        }
    }

    private static EchoFault Fault(Random random, bool tls)
    {
        var (time, bytes) = (TimeSpan.FromMilliseconds(random.Next(100)), random.Next(1, 300));
        return random.Next(tls ? 15 : 12) switch
        {
            0 => EchoFault.Delay(time, time),
            1 => EchoFault.Throttle(bytes * 1000),
            2 => EchoFault.Slice(bytes, time / 10),
            3 => EchoFault.Close(bytes),
            4 => EchoFault.Reset(time),
            5 => EchoFault.HalfClose(random.Next(2) * bytes),
            6 => EchoFault.Silence(time),
            7 => EchoFault.Stall(bytes),
            8 => EchoFault.Corrupt(bytes),
            9 => EchoFault.Truncate(bytes),
            10 => EchoFault.Duplicate(),
            11 => EchoFault.RefuseConnection(),
            12 => EchoFault.FailHandshake(),
            13 => EchoFault.StallHandshake(),
            _ => EchoFault.WrongCertificate(),
        };
    }

    private sealed class WatchingPoller(IPoller poller) : WrappedPoller(poller)
    {
        private volatile int _timeout;
        private volatile int _readSize;

        // Of the latest wait, and of the latest read.
        public int Timeout => _timeout;

        public int ReadSize => _readSize;

        public override int Wait(int milliseconds, int[] ready)
        {
            _timeout = milliseconds;
            return base.Wait(milliseconds, ready);
        }

        protected override int Receive(int token, ITransport transport, byte[] buffer, int offset, int count, out SocketError error)
        {
            _readSize = count;
            return base.Receive(token, transport, buffer, offset, count, out error);
        }
    }
}
