using System;
using System.Collections.Generic;
using System.Net;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

public class AllocationTests
{
    [Fact]
    public async Task Neither_side_allocates_for_a_message()
    {
        // If another test causes a garbage collection, the rest of the thread's 8 KiB allocation buffer counts as allocated. One
        // object per message would be 48,000 bytes or more.
        const int Once = 20_000;
        const int Messages = 2_000;
        using var server = Peers.Listen();
        var served = Bounded.Start(() =>
        {
            var counter = new Counter();
            server.ServeOne(counter);
            return counter;
        });
        var message = "thirty-two bytes, as it happens."u8.ToArray();
        var reply = new byte[message.Length];
        long allocated;
        using (var client = Peers.Client(server.LocalEndPoint))
        {
            client.Exchange(message, message.Length, reply);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Messages; i++)
                client.Exchange(message, message.Length, reply);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.InRange(allocated, 0, Once);
        var counted = await served.Soon();
        Assert.InRange(counted.Reads, Messages / 2, int.MaxValue);
        Assert.InRange(counted.Last - counted.First, 0, Once);
    }

    // With peers that are forgotten, and messages that are refused. The server's last message tells what its thread has allocated.
    [Fact]
    public async Task A_UDP_server_allocates_nothing_for_a_message()
    {
        const int Once = 20_000;
        const int Messages = 2_000;
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux has recvmmsg");
        using var server = EchoUdpServer.Listen(new EchoUdpServerOptions { Port = 0, MaxPeers = 1, AllowFrom = [AddressRange.Parse("127.0.0.0/30")] });
        var allocated = Bounded.Start(() =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            server.Serve();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
        using var one = new UdpClientSocket();
        using var two = new UdpClientSocket("127.0.0.2");
        using var refused = new UdpClientSocket("127.0.0.5");
        var message = new byte[32];
        for (var i = 0; i < Messages; i++)
        {
            refused.Send(message, "127.0.0.1", server.LocalEndPoint.Port);
            one.Exchange(message, server.LocalEndPoint.Port);
            two.Exchange(message, server.LocalEndPoint.Port);
        }

        server.Stop();

        // The buffer of the batch is allocated once.
        Assert.InRange(await allocated.Soon() - (32 * (65536 + (33 * 64))), 0, Once);
        Assert.Equal((2 * Messages, Messages, (2 * Messages) - 1), (server.MessagesSent, server.RefusedMessages, server.ForgottenPeers));
    }

    // SslStream alone would allocate 8 KiB for each, and keep them until the client sends something. The allocations that
    // another test's garbage collections add (see above) are within the bound.
    [Fact]
    public async Task A_TLS_connection_of_a_silent_client_holds_no_buffer()
    {
        const int Count = 200;
        const int MaxEach = 9_000;
        var counter = new Counter();
        using var server = EchoServer.Listen(new EchoServerOptions { Port = 0, Tls = new EchoServerTls() });
        var serving = Bounded.Start(() => server.ServeMany(counter));
        var clients = new List<TestClient>();
        try
        {
            for (var i = 0; i < Count; i++)
                clients.Add(TestClient.Connect(server.LocalEndPoint, tls: true));
            Assert.InRange((counter.AtConnect[^1] - counter.AtConnect[Count / 2]) / (Count / 2), 1, MaxEach);

            foreach (var client in clients)
            {
                client.Send("hello"u8);
                Assert.Equal("HELLO"u8, client.ReadExactly(5));
            }
        }
        finally
        {
            clients.ForEach(c => c.Dispose());
            server.Stop();
        }

        await serving.Soon();
    }

    /// <summary>Records the serving thread's allocations at its first and at its last read, and at each new client.</summary>
    private sealed class Counter : Observer
    {
        public int Reads { get; private set; }

        public List<long> AtConnect { get; } = [];

        public long First { get; private set; }

        public long Last { get; private set; }

        public override void Connected(IPEndPoint remote) => AtConnect.Add(GC.GetAllocatedBytesForCurrentThread());

        public override void Received(IPEndPoint remote, byte[] buffer, int count)
        {
            Last = GC.GetAllocatedBytesForCurrentThread();
            if (Reads++ == 0)
                First = Last;
        }
    }
}
