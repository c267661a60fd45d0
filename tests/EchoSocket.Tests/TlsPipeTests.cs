using System.Net.Sockets;
using System.Threading.Tasks;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

public class TlsPipeTests
{
    private static readonly byte[] Record = [22, 3, 3, 0, 2, 1, 2];

    [Fact]
    public async Task A_handshake_that_waits_for_the_peer_holds_no_buffer()
    {
        var buffers = new TlsBuffers();
        var store = buffers.Rent();
        buffers.Return(store);
        using var pipe = new TlsPipe(buffers, () => { });
        pipe.Feed(Record, Record.Length);
        Assert.NotSame(store, buffers.Rent()); // the pipe has it

        var read = new byte[Record.Length];
        Assert.Equal(Record.Length, await pipe.ReadAsync(read).AsTask().Soon());
        Assert.True(pipe.SendHandshake(new TlsOutput(new FakeTransport()), out var error));

        Assert.Equal(SocketError.Success, error);
        Assert.Equal(Record, read);
        Assert.Same(store, buffers.Rent());
    }

    [Fact]
    public async Task What_the_send_buffer_has_no_room_for_is_sent_later_and_in_order()
    {
        var transport = new FakeTransport { Room = 1 };
        var output = new TlsOutput(transport);
        using var pipe = new TlsPipe(new TlsBuffers(), () => { });
        await pipe.WriteAsync(new byte[] { 1, 2, 3 });
        Assert.False(pipe.SendHandshake(output, out _));
        await pipe.WriteAsync(new byte[] { 4, 5 });
        Assert.False(pipe.SendHandshake(output, out _));

        transport.Room = int.MaxValue;
        Assert.True(pipe.SendHandshake(output, out _));

        Assert.Equal([1, 2, 3, 4, 5], transport.Outgoing);
    }

    [Fact]
    public void Buffers_that_many_connections_return_are_not_all_kept()
    {
        const int Count = 100;
        var buffers = new TlsBuffers();
        var stores = new byte[Count][];
        for (var i = 0; i < Count; i++)
            stores[i] = buffers.Rent();
        foreach (var store in stores)
            buffers.Return(store);

        var kept = 0;
        for (var i = 0; i < Count; i++)
            kept += System.Array.IndexOf(stores, buffers.Rent()) >= 0 ? 1 : 0;
        Assert.InRange(kept, 1, 20);
    }
}
