using System.Linq;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

public class InFlightRingTests
{
    [Fact]
    public void What_waits_is_sent_in_one_piece_and_in_two_at_the_end_of_the_ring()
    {
        var ring = new InFlightRing(10, 10);
        Assert.True(ring.TryAdd([1, 2, 3], 3));
        Assert.True(ring.TryAdd([4, 5, 6], 3));
        Assert.True(ring.TryAdd([7], 1));

        Assert.Equal((0, 7), ring.NextToSend(100));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], ring.Messages[..7]);
        Assert.Equal((7, 0), ring.NextToSend(100));
        Receive(ring, 3, 130);
        Assert.Equal((3, 30), ring.Take(new byte[3]));

        Assert.True(ring.TryAdd([8, 9, 10, 11, 12], 5));
        Assert.Equal((7, 3), ring.NextToSend(200));
        Assert.Equal((0, 2), ring.NextToSend(300));
        Receive(ring, 7, 400);
        Receive(ring, 2, 500);
        var reply = new byte[5];
        Assert.Equal((3, 300), ring.Take(reply));
        Assert.Equal((1, 300), ring.Take(reply));
        Assert.Equal((5, 300), ring.Take(reply)); // from the start of its send to its last byte
        Assert.Equal([8, 9, 10, 11, 12], reply);
        Assert.Equal(0, ring.Outstanding);
    }

    [Fact]
    public void It_holds_no_more_messages_and_bytes_than_it_may()
    {
        var ring = new InFlightRing(2, 10);
        Assert.True(ring.TryAdd(new byte[9], 9));
        Assert.False(ring.TryAdd(new byte[2], 2));
        Assert.True(ring.TryAdd(new byte[1], 1));
        Assert.Equal(2, ring.Outstanding);
        ring.NextToSend(0);
        Receive(ring, 9, 0);
        Assert.False(ring.TryAdd(new byte[1], 1)); // its reply is not taken yet
        ring.Take(new byte[9]);
        Assert.True(ring.TryAdd(new byte[1], 1));
        Assert.False(ring.TryAdd(new byte[1], 1));
    }

    private static void Receive(InFlightRing ring, int count, long now)
    {
        var (offset, room) = ring.NextToReceive(beyond: false);
        Assert.True(room >= count);
        foreach (var i in Enumerable.Range(offset, count))
            ring.Replies[i] = ring.Messages[i];
        ring.Advance(count, now);
    }
}
