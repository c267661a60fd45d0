using System.Globalization;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Other programs as the clients of our UDP server.</summary>
public class UdpInteroperationTests
{
    private const string Python = """
        import socket, sys
        family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.settimeout(20)
        for message in (b'hello', b'', bytes(range(256)) * 255, b'caf\xc3\xa9'):
            s.sendto(message, (sys.argv[1], int(sys.argv[2])))
            reply, sender = s.recvfrom(65536)
            assert reply == message.upper(), reply
            assert sender[:2] == (sys.argv[1], int(sys.argv[2])), sender
        print('all right', flush=True)
        """;

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("::", "127.0.0.1")]
    [InlineData("::", "::1")]
    public async Task Python_sockets_are_answered(string bound, string asked)
    {
        using var server = new UdpTestServer(new EchoUdpServerOptions { Addresses = [bound] });
        using var python = new PeerProgram("python3", "-c", Python, asked, Port(server));

        python.ReadUntil("all right");

        await server.StopAsync();
        Assert.Equal((4, 4), (server.Server.MessagesReceived, server.Server.MessagesSent));
        Assert.Single(server.Server.Peers);
    }

    [Theory]
    [InlineData("UDP4:127.0.0.1:")]
    [InlineData("UDP6:[::1]:")]
    public void Socat_is_answered(string address)
    {
        using var server = new UdpTestServer(new EchoUdpServerOptions { Addresses = ["::"] });
        using var socat = new PeerProgram("socat", "-", address + Port(server));
        socat.Write("hello\n");
        socat.ReadUntil("HELLO");
        socat.Write("again\n");
        socat.ReadUntil("AGAIN");
    }

    [Fact]
    public void Ncat_is_answered()
    {
        using var server = new UdpTestServer();
        using var ncat = new PeerProgram("ncat", "-u", "127.0.0.1", Port(server));
        ncat.Write("hello\n");
        ncat.ReadUntil("HELLO");
        ncat.Write("again\n");
        ncat.ReadUntil("AGAIN");
    }

    private static string Port(UdpTestServer server) => server.Port.ToString(CultureInfo.InvariantCulture);
}
