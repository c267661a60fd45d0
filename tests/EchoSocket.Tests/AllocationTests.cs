using System;
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

    /// <summary>Records the serving thread's allocations at its first and at its last read.</summary>
    private sealed class Counter : Observer
    {
        public int Reads { get; private set; }

        public long First { get; private set; }

        public long Last { get; private set; }

        public override void Received(IPEndPoint remote, byte[] buffer, int count)
        {
            Last = GC.GetAllocatedBytesForCurrentThread();
            if (Reads++ == 0)
                First = Last;
        }
    }
}
