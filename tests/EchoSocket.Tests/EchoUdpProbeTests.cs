using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Connecting;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The probe over UDP: resolve, echo, and each way to fail with its reason.</summary>
public class EchoUdpProbeTests
{
    [Fact]
    public void A_path_that_works_reports_its_times()
    {
        using var server = new DatagramServer();

        var report = Run("localhost", server.Port, AddressFamily.InterNetwork);

        Assert.True(report.Success, report.Reason);
        Assert.True(report.Udp);
        Assert.Equal((EchoPathStage.None, ""), (report.FailedStage, report.Reason));
        Assert.Equal(server.EndPoint.ToString(), report.RemoteEndPoint);
        Assert.Equal(server.Received.Single().From.ToString(), report.LocalEndPoint);
        Assert.Equal(["127.0.0.1"], report.Addresses);
        Assert.Equal((server.EndPoint.ToString(), ""), (report.Attempts.Single().EndPoint, report.Attempts.Single().Error));
        Assert.True(report.ResolveTime > TimeSpan.Zero && report.EchoTime > TimeSpan.Zero && report.FirstByteTime == report.EchoTime);
        Assert.Null(report.ConnectTime);
    }

    [Fact]
    public void An_unknown_name_fails_at_Resolve()
    {
        var report = Run("no-such-host.invalid", 9);

        Assert.Equal((EchoPathStage.Resolve, "the name has no address"), (report.FailedStage, report.Reason));
        Assert.False(report.Success);
    }

    [Fact]
    public void A_port_without_a_listener_is_refused_at_Echo()
    {
        using var server = new DatagramServer();
        server.Dispose();

        var report = Run("127.0.0.1", server.Port);

        Assert.Equal((EchoPathStage.Echo, "refused"), (report.FailedStage, report.Reason));
        Assert.Null(report.EchoTime);
    }

    [Fact]
    public void A_server_that_says_nothing_fails_at_Echo_in_time()
    {
        using var server = new DatagramServer(DatagramServer.Lose);

        var report = Run("127.0.0.1", server.Port, timeout: 0.3);

        Assert.Equal((EchoPathStage.Echo, "timed out; no reply came"), (report.FailedStage, report.Reason));
    }

    [Fact]
    public void A_server_that_answers_something_else_fails_at_Echo()
    {
        using var server = new DatagramServer((s, from, bytes) => s.Send(from, [.. bytes, (byte)'!']));

        var report = Run("127.0.0.1", server.Port);

        Assert.Equal(EchoPathStage.Echo, report.FailedStage);
        Assert.StartsWith("answered something else; its datagram has 65 bytes rather than 64: \"aZ0", report.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_addresses_are_tried_in_order_and_share_the_time()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems have one loopback address");
        using var server = new DatagramServer(IPAddress.Parse("127.0.0.4"), 0);
        using var silent = new DatagramServer(IPAddress.Parse("127.0.0.3"), server.Port, DatagramServer.Lose);
        var names = new[] { "203.0.113.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5" };

        var report = EchoUdpProbe.Run(
            new EchoClientOptions
            {
                Host = "five.invalid",
                Port = server.Port,
                SourceAddress = "127.0.0.1", // no route from there to the first
                ConnectionTimeout = TimeSpan.FromSeconds(3),
                Resolver = new NameResolver(_ => [.. names.Select(IPAddress.Parse)], maxLookUps: 1),
            },
            TestContext.Current.CancellationToken);

        Assert.True(report.Success, report.Reason);
        Assert.Equal(["no route", "refused", "timed out; no reply came", ""], report.Attempts.Select(a => a.Error));
        Assert.Equal($"127.0.0.4:{server.Port}", report.RemoteEndPoint);
        Assert.True(report.EchoTime < report.Attempts[2].Time);
    }

    [Fact]
    public async Task A_probe_can_be_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        using var server = new DatagramServer((_, _, _) => cancellation.Cancel());

        var probe = Bounded.Start(() => EchoUdpProbe.Run(
            new EchoClientOptions { Port = server.Port, ConnectionTimeout = TimeSpan.FromMinutes(10) }, cancellation.Token));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => probe.Soon());
    }

    [Fact]
    public void Options_for_TCP_are_refused() =>
        Assert.Throws<ArgumentException>("options", () => EchoUdpProbe.Run(new EchoClientOptions { Tls = new EchoClientTls() }));

    private static PathReport Run(string host, int port, AddressFamily? family = null, double timeout = 30) =>
        EchoUdpProbe.Run(
            new EchoClientOptions { Host = host, Port = port, AddressFamily = family, ConnectionTimeout = TimeSpan.FromSeconds(timeout) },
            TestContext.Current.CancellationToken);
}
