using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

public class SelectPollerTests
{
    [Fact]
    public void Where_more_are_ready_than_can_be_told_each_has_its_turn()
    {
        using var poller = new SelectPoller();
        var sockets = new List<Socket>();
        try
        {
            for (var token = 1; token <= 20; token++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                sockets.Add(socket);
                socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                socket.Connect(socket.LocalEndPoint!);
                socket.Send("x"u8);
                poller.Register(socket, token);
                if (token % 5 == 0)
                    poller.Change(token, Interest.Writing);
            }

            var (told, ready) = (new HashSet<int>(), new int[8]);
            for (var round = 0; round < 3; round++)
            {
                Assert.Equal(8, poller.Wait(1000, ready));
                told.UnionWith(ready);
            }

            Assert.Equal(20, told.Count);
        }
        finally
        {
            sockets.ForEach(s => s.Dispose());
        }
    }
}
