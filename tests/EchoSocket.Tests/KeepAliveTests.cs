using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

public class KeepAliveTests
{
    private const SocketOptionName Time = (SocketOptionName)3;
    private const SocketOptionName Interval = (SocketOptionName)17;
    private const SocketOptionName RetryCount = (SocketOptionName)16;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1.2, 2, 1)]
    [InlineData(10, 10, 2)]
    [InlineData(11, 11, 3)]
    [InlineData(32767, 32767, 6554)]
    public void The_system_probes_after_the_time_and_five_times_in_as_much_time_again(double time, int seconds, int interval)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() && !OperatingSystem.IsWindowsVersionAtLeast(10, 0, 16299), "this Windows has other options");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        Assert.Null(KeepAlive.Apply(socket, TimeSpan.FromSeconds(time)));

        Assert.NotEqual(0, socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal([seconds, interval, 5], new[] { Time, Interval, RetryCount }.Select(o => (int)socket.GetSocketOption(SocketOptionLevel.Tcp, o)!));
    }

    [Theory]
    [InlineData(new[] { RetryCount }, "the number of probes of")]
    [InlineData(new[] { Interval }, "the time between probes of")] // on Windows the other way to set it works
    [InlineData(new[] { Time, Interval, RetryCount }, "the time before the first probe and the time between probes and the number of probes of")]
    [InlineData(new[] { SocketOptionName.KeepAlive }, "has no TCP keep-alive")]
    public void What_a_system_lacks_is_said(SocketOptionName[] missing, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has two ways to set the times");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        var limitation = KeepAlive.Apply(socket, TimeSpan.FromSeconds(9), (of, level, name, value) =>
        {
            if (missing.Contains(name))
                throw new SocketException((int)SocketError.ProtocolOption);
            of.SetSocketOption(level, name, value);
        });

        Assert.Contains(expected, limitation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(-1)]
    [InlineData(32768)]
    public void A_time_out_of_range_is_refused(double seconds)
    {
        var time = TimeSpan.FromSeconds(seconds);

        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoServerOptions { KeepAliveTime = time });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoClientOptions { KeepAliveTime = time });
    }

    [Fact]
    public void Without_a_time_there_is_no_limitation_and_with_one_it_is_that_of_this_system()
    {
        Assert.Null(new EchoServerOptions().KeepAliveLimitation);
        Assert.Null(new EchoClientOptions().KeepAliveLimitation);
        Assert.Equal(KeepAlive.Limitation(TimeSpan.FromSeconds(9)), new EchoServerOptions { KeepAliveTime = TimeSpan.FromSeconds(9) }.KeepAliveLimitation);
        Assert.Equal(KeepAlive.Limitation(TimeSpan.FromSeconds(9)), new EchoClientOptions { KeepAliveTime = TimeSpan.FromSeconds(9) }.KeepAliveLimitation);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public void Every_connection_of_a_server_has_it_if_the_server_has(bool epoll, bool on)
    {
        Func<IPoller> poller = epoll ? Pollers.Epoll : () => new SelectPoller();
        poller().Dispose();
        var options = new EchoServerOptions { Port = 0, Addresses = ["127.0.0.1", "127.0.0.2"], Poller = poller, KeepAliveTime = on ? TimeSpan.FromHours(1) : null };
        SkipUnlessLinux();
        using var server = new TestServer(options, new Recorder());
        var clients = server.Server.LocalEndPoints.Select(e => Peers.Call(e)).ToList();

        Bounded.Until(() => server.Server.ActiveConnections == 2);

        Assert.All(clients, c => Bounded.Until(() => HasTimer((IPEndPoint)c.RemoteEndPoint!, (IPEndPoint)c.LocalEndPoint!) == on));
        clients.ForEach(c => c.Close());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_connection_of_a_client_has_it_if_the_client_has(bool on)
    {
        SkipUnlessLinux();
        TimeSpan? time = on ? TimeSpan.FromHours(1) : null;
        using var server = new TestServer(new EchoServerOptions { Port = 0 }, new Recorder());

        using (var client = EchoClient.Connect(new EchoClientOptions { Port = server.EndPoint.Port, KeepAliveTime = time }))
            Bounded.Until(() => HasTimer(IPEndPoint.Parse(client.LocalEndPoint), server.EndPoint) == on);

        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var meter = new EchoMeter(new EchoMeterOptions { Port = ((IPEndPoint)listener.LocalEndpoint).Port, Connections = 3, Count = 3, KeepAliveTime = time });
        var running = Bounded.Start(() => meter.Run());
        var accepted = Enumerable.Range(0, 3).Select(_ => listener.AcceptSocket()).ToList();
        Assert.All(accepted, a => Bounded.Until(() => HasTimer((IPEndPoint)a.RemoteEndPoint!, (IPEndPoint)a.LocalEndPoint!) == on));
        accepted.ForEach(a => a.Dispose());
        running.Get();
        listener.Stop();
    }

    private static void SkipUnlessLinux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems do not show their timers in /proc");

    // Whether the keep-alive timer of a connection runs: proc_net_tcp(5), column tr, 2.
    private static bool HasTimer(IPEndPoint local, IPEndPoint remote) => Timers().Any(t => t.EndPoints == $"{Hex(local)} {Hex(remote)}" && t.Timer == 2);

    private static IEnumerable<(string EndPoints, int Timer)> Timers() => File.ReadAllLines("/proc/net/tcp").Skip(1)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(columns => ($"{columns[1]} {columns[2]}", int.Parse(columns[5].Split(':')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture)));

    private static string Hex(IPEndPoint endPoint) => $"{BitConverter.ToUInt32(endPoint.Address.GetAddressBytes()):X8}:{endPoint.Port:X4}";
}
