using System;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The UDP client against other people's servers.</summary>
public class UdpClientInteroperationTests
{
    private const string PythonServer = """
        import socket, sys
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(('127.0.0.1', int(sys.argv[1])))
        while True:
            data, peer = s.recvfrom(65535)
            s.sendto(data.upper(), peer)
        """;

    [Fact]
    public void Socat_UDP_RECVFROM_with_a_process_for_each_datagram_is_understood()
    {
        var port = FreePort();
        using var server = new PeerProgram("socat", "-b", "65535", $"UDP-RECVFROM:{port},bind=127.0.0.1,fork", "EXEC:cat");

        AssertEchoes(port, 3, "Hello");
    }

    [Fact]
    public void Socat_UDP_RECVFROM_that_pipes_back_is_understood()
    {
        var port = FreePort();
        using var server = new PeerProgram("socat", $"UDP-RECVFROM:{port},bind=127.0.0.1,fork", "PIPE");

        AssertEchoes(port, 3, "Hello");
    }

    // It takes each new source port for a new client, and forks.
    [Fact]
    public void Socat_UDP_LISTEN_is_understood()
    {
        var port = FreePort();
        using var server = new PeerProgram("socat", "-T", "5", $"UDP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr", "EXEC:cat");

        AssertEchoes(port, 3, "Hello");
    }

    // It serves the client of the first datagram, so only one message is answered.
    [Fact]
    public void Ncat_is_understood()
    {
        var port = FreePort();
        using var server = new PeerProgram("ncat", "-u", "-l", "127.0.0.1", Text(port), "--exec", "/bin/cat");

        AssertEchoes(port, 1, "Hello");
    }

    [Fact]
    public void A_python_socket_is_understood()
    {
        var port = FreePort();
        using var server = new PeerProgram("python3", "-c", PythonServer, Text(port));

        AssertEchoes(port, 100, "HELLO", size: 65_507);
    }

    private static void AssertEchoes(int port, int count, string reply, int size = 0)
    {
        var options = new EchoClientOptions { Port = port, OperationTimeout = Bounded.Limit };
        using var client = EchoUdpClient.Open(options, TestContext.Current.CancellationToken);
        var buffer = new byte[Math.Max(size, 5)];

        // A program does not say when it listens.
        Bounded.Until(() =>
        {
            try
            {
                client.Exchange("Hello"u8.ToArray(), 5, buffer);
                return true;
            }
            catch (EchoException e) when (e.Error == EchoError.ConnectionRefused)
            {
                return false;
            }
        });
        Assert.Equal(reply, Encoding.ASCII.GetString(buffer, 0, 5));

        for (var i = 1; i < count; i++)
            client.Exchange("Hello"u8.ToArray(), 5, buffer);
        if (size == 0)
            return;

        var large = new byte[size];
        Array.Fill(large, (byte)'x');
        client.Exchange(large, size, buffer);
        Assert.Equal((byte)'X', buffer[^1]);
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
