using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

public abstract partial class ServeManyTests
{
    // Silent ones with and without a handshake, ones that stall in the middle of something, ones that reset or vanish, and ones
    // that never read.
    [Fact]
    public async Task Among_a_thousand_hostile_clients_a_well_behaved_one_is_served()
    {
        const int Crowd = 1_000;
        byte[] stalled = Tls ? [22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3] : [1];
        using var server = Start();
        using var client = Client(server);
        var sockets = new List<Socket>();
        var clients = new List<TestClient>();
        for (var i = 0; i < Crowd; i++)
        {
            if (i % 2 == 0)
            {
                var socket = Peers.Call(server.EndPoint);
                sockets.Add(socket);
                if (i % 4 == 0)
                    socket.Send(stalled);
            }
            else
            {
                clients.Add(Call(server));
            }

            if (i % 100 == 0)
                Assert.Equal("STILL SERVED", Exchange(client, "still served"));
        }

        var greedy = clients.Take(10).ToList();
        await Task.WhenAll(greedy.Select(g => g.Fill())).Soon();
        foreach (var rude in clients.Skip(10).Take(100))
        {
            rude.Send(new byte[1000]);
            rude.Reset();
        }

        foreach (var cut in clients.Skip(110).Take(100))
        {
            cut.Send(new byte[1000]);
            cut.Socket.Shutdown(SocketShutdown.Send);
        }

        for (var round = 0; round < 100; round++)
            Assert.Equal("STILL SERVED", Exchange(client, "still served"));
        await server.Recorder.Ended(200);
        Assert.InRange(server.Server.BytesReceived - server.Server.BytesSent, 0, 64 * 1024 * 1024);

        sockets.ForEach(s => s.Dispose());
        clients.ForEach(c => c.Dispose());
        await server.Recorder.Ended(Crowd);
        Bounded.Until(() => server.Server.ActiveConnections == 1);
        Assert.Equal(new string('X', 100_000), Exchange(client, new string('x', 100_000)));
    }
}
