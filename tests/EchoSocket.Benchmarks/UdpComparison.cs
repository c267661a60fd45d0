using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Benchmarks;

/// <summary>
/// Start-EchoServer -Udp alternating with a server of async datagrams (.NET), each on one processor and the load on another. The
/// result is the ratio of its rate to that of the other just before and after it.
/// </summary>
internal static class UdpComparison
{
    public const string Ours = "EchoSocket UDP";
    public const string Async = "async datagrams";

    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(800);

    private static readonly (string Name, int Size, int InFlight)[] Cases =
        [("32 B", 32, 1), ("32 B, 64 outstanding", 32, 64), ("1,400 B, 64 outstanding", 1400, 64)];

    public static int Run(int rounds)
    {
        Placement.RunOn(0);
        using var other = new ServerProcess(Async, Servers.StartInfo(Async), udp: true);
        using var ours = new ServerProcess(Ours, Servers.StartInfo(Ours), udp: true);
        Placement.RunOn(1);
        foreach (var (_, size, inFlight) in Cases)
        {
            Rate(other.Port, size, inFlight, Turn);
            Rate(ours.Port, size, inFlight, Turn);
        }

        Console.WriteLine($"{rounds} rounds, alternating; messages/s, and the median ratio to {Async} (min-max)");
        var slower = false;
        foreach (var (name, size, inFlight) in Cases)
        {
            var (rates, anchors, ratios) = (new List<double>(), new List<double>(), new List<double>());
            var before = Rate(other.Port, size, inFlight, Turn);
            for (var round = 0; round < rounds; round++)
            {
                var rate = Rate(ours.Port, size, inFlight, Turn);
                var after = Rate(other.Port, size, inFlight, Turn);
                rates.Add(rate);
                anchors.Add(after);
                ratios.Add(rate / ((before + after) / 2));
                before = after;
            }

            var ratio = Statistics.Median(ratios);
            slower |= ratio < 1;
            Console.WriteLine(
                $"{name,-26}{Statistics.Median(anchors),10:N0}{Statistics.Median(rates),10:N0}{ratio,7:0.00} ({ratios.Min():0.00}-{ratios.Max():0.00})   " +
                $"goal 1.00 {(ratio < 1 ? "SHORT" : "met")}");
        }

        return slower ? 1 : 0;
    }

    /// <summary>The server to compare with.</summary>
    public static void ServeAsync(Action<int> listening)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1024 * 1024 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening(((IPEndPoint)socket.LocalEndPoint!).Port);
        EchoAsync(socket).GetAwaiter().GetResult();
    }

    private static async System.Threading.Tasks.Task EchoAsync(Socket socket)
    {
        var buffer = new byte[65536];
        var remote = new SocketAddress(AddressFamily.InterNetwork);
        while (true)
        {
            var count = await socket.ReceiveFromAsync(buffer, SocketFlags.None, remote);
            System.Text.Ascii.ToUpperInPlace(buffer.AsSpan(0, count), out _);
            await socket.SendToAsync(buffer.AsMemory(0, count), SocketFlags.None, remote);
        }
    }

    // Keeps so many messages outstanding. After a loss it begins anew.
    private static double Rate(int port, int size, int inFlight, TimeSpan duration)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 200, ReceiveBufferSize = 1024 * 1024 };
        client.Connect(IPAddress.Loopback, port);
        var message = new byte[size];
        var reply = new byte[size];
        var outstanding = 0;
        return Messages.Rate(duration, () =>
        {
            for (; outstanding < inFlight; outstanding++)
                client.Send(message);
            client.Receive(reply, 0, size, SocketFlags.None, out var error);
            outstanding = error == SocketError.Success ? outstanding - 1 : 0;
        });
    }
}
