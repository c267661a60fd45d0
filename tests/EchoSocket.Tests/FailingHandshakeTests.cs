using System.Net.Sockets;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

public class FailingHandshakeTests
{
    // Left unread, it would make the close a reset, which can destroy the alert.
    [Fact]
    public void After_the_alert_the_rest_of_a_long_first_message_is_read()
    {
        var (wire, buffer, failures) = (new FakeTransport(), new byte[10], 0);
        var transport = new FailingHandshake(wire, () => failures++);
        wire.Receives(new string('x', 100));

        Assert.Equal((0, SocketError.Fault), (transport.Receive(buffer, 0, buffer.Length, out var error), error));
        Assert.Equal((0, SocketError.WouldBlock), (transport.Receive(buffer, 0, buffer.Length, out error), error));

        Assert.Equal((0, 1), (wire.Incoming.Count, failures));
        Assert.Equal([21, 3, 3, 0, 2, 2, 40], wire.Outgoing);
    }
}
