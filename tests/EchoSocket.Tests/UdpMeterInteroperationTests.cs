using System;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The meter of UDP with the servers of others. Each is skipped by name where it is not installed.</summary>
public class UdpMeterInteroperationTests
{
    private const string Python =
        "import socket,sys\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\ns.bind(('127.0.0.1',int(sys.argv[1])))\n" +
        "while True:\n d,a=s.recvfrom(65535)\n s.sendto(d.upper(),a)\n";

    [Fact]
    public void Socat_echoes() => Measure(port => new PeerProgram("socat", $"UDP-RECVFROM:{port},bind=127.0.0.1,fork", "PIPE"));

    [Fact]
    public void Ncat_echoes() => Measure(port => new PeerProgram("ncat", "-u", "-l", "--keep-open", "127.0.0.1", port, "--exec", "/bin/cat"));

    [Fact]
    public void Python_echoes_in_capitals() => Measure(port => new PeerProgram("python3", "-c", Python, port));

    private static void Measure(Func<string, PeerProgram> start)
    {
        var port = FreePort();
        using var server = start(port.ToString(CultureInfo.InvariantCulture));
        var options = new EchoUdpMeterOptions { Port = port, Count = 20, MessageSize = 300, OperationTimeout = TimeSpan.FromSeconds(20) };

        // Until the server listens, its port is refused.
        var limit = Stopwatch.StartNew();
        MeterResult result;
        do
            result = new EchoUdpMeter(options).Run(TestContext.Current.CancellationToken);
        while (result.Errors.ContainsKey(nameof(EchoError.ConnectionRefused)) && limit.Elapsed < Bounded.Limit);

        Assert.Equal((20L, 20L, ""), (result.Sent, result.Received, result.Detail));
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
