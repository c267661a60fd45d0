using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The probe of a path to a server. Each way to fail has its stage and its reason, and is reported in time.</summary>
public class PathProbeTests
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(0.4);

    [Theory]
    [InlineData(EchoTransform.Upper)]
    [InlineData(EchoTransform.None)]
    public async Task A_path_that_works_reports_its_times(EchoTransform transform)
    {
        using var server = Peers.Listen(transform);
        var serving = Bounded.Start(() => server.ServeOne());

        var before = DateTime.UtcNow;
        var report = PathProbe.Run("localhost", server.LocalEndPoint.Port, Bounded.Limit);

        Assert.True(report.Success, report.Reason);
        Assert.InRange(report.StartTime, before, DateTime.UtcNow);
        Assert.Equal(("localhost", server.LocalEndPoint.Port), (report.ComputerName, report.Port));
        Assert.Equal(EchoPathStage.None, report.FailedStage);
        Assert.Contains("127.0.0.1", report.Addresses);
        Assert.Equal(server.LocalEndPoint.ToString(), report.RemoteEndPoint);
        Assert.Equal((await serving.Soon())!.RemoteEndPoint, report.LocalEndPoint);
        Assert.True(report.ResolveTime > TimeSpan.Zero && report.ConnectTime > TimeSpan.Zero);
        Assert.True(report.FirstByteTime > TimeSpan.Zero && report.EchoTime >= report.FirstByteTime);
        Assert.Equal("", report.Attempts.Single(a => a.EndPoint == report.RemoteEndPoint).Error);
    }

    [Fact]
    public void An_unknown_name_fails_at_Resolve()
    {
        var report = PathProbe.Run("no-such-host.invalid", 9, Bounded.Limit);

        Check(EchoPathStage.Resolve, "the name has no address", report);
        Assert.Null(report.ResolveTime);
    }

    [Fact]
    public void A_port_without_a_listener_fails_at_Connect()
    {
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        var report = PathProbe.Run("127.0.0.1", ((IPEndPoint)bound.LocalEndPoint!).Port, Bounded.Limit);

        Check(EchoPathStage.Connect, "refused", report);
        Assert.Equal("refused", report.Attempts.Single().Error);
        Assert.Equal(TimeSpan.Zero, report.ResolveTime);
        Assert.Equal((null, null, null), (report.ConnectTime, report.FirstByteTime, report.EchoTime));
    }

    [Fact]
    public void A_host_that_drops_packets_fails_at_Connect_in_time()
    {
        using var full = FullBacklog.Create();

        Check(EchoPathStage.Connect, "timed out", PathProbe.Run("127.0.0.1", full.EndPoint.Port, Short));
    }

    [Fact]
    public async Task A_server_that_says_nothing_fails_at_Echo_in_time()
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(64);
            Assert.Equal(0, peer.Receive(new byte[1])); // FIN: the probe gave up
        });

        Check(EchoPathStage.Echo, "timed out; 0 of 64 bytes came", PathProbe.Run("127.0.0.1", server.EndPoint.Port, Short));
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_server_that_answers_too_late_fails_at_Echo_in_time()
    {
        using var gaveUp = new ManualResetEventSlim();
        using var server = new ScriptedServer(peer =>
        {
            var message = peer.ReadExactly(64);
            peer.Send(message[..10]);
            gaveUp.Wait(Bounded.Limit);
        });

        Check(EchoPathStage.Echo, "timed out; 10 of 64 bytes came", PathProbe.Run("127.0.0.1", server.EndPoint.Port, Short));
        gaveUp.Set();
        await server.Done.Soon();
    }

    [Theory]
    [InlineData(false, "closed early; 3 of 64 bytes came")]
    [InlineData(true, "reset; ")]
    public async Task A_server_that_goes_away_fails_at_Echo(bool reset, string reason)
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(peer.ReadExactly(64)[..3]);
            if (reset)
                peer.Reset();
        });

        var report = PathProbe.Run("127.0.0.1", server.EndPoint.Port, Bounded.Limit);

        Assert.Equal(EchoPathStage.Echo, report.FailedStage);
        Assert.StartsWith(reason, report.Reason, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    public async Task A_server_that_answers_something_else_fails_at_Echo_and_the_byte_is_named(int wrong)
    {
        using var server = new ScriptedServer(peer =>
        {
            var message = peer.ReadExactly(64);
            message[wrong] = (byte)'#';
            peer.Send(message[..(wrong + 1)]); // a server of another kind may have no more to say
            peer.Receive(message);
        });

        var report = PathProbe.Run("127.0.0.1", server.EndPoint.Port, Bounded.Limit);

        Assert.Equal(EchoPathStage.Echo, report.FailedStage);
        Assert.StartsWith($"answered something else; the first wrong byte is at offset {wrong} of 64; it sent \"", report.Reason, StringComparison.Ordinal);
        Assert.EndsWith("#\"", report.Reason, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_server_must_upper_case_all_letters_or_none_and_change_nothing_else()
    {
        foreach (var changed in new[] { 4, 5, 6, 7 }) // a letter that is left as it was, a capital, a digit, and a byte that is not ASCII
        {
            using var server = new ScriptedServer(peer =>
            {
                var message = peer.ReadExactly(64);
                Assert.Equal(4, message.Distinct().Count());
                AsciiUpper.Apply(message, 0, message.Length);
                message[changed] ^= 0x20;
                peer.Send(message);
                peer.Receive(message);
            });

            var report = PathProbe.Run("127.0.0.1", server.EndPoint.Port, Bounded.Limit);

            Assert.StartsWith($"answered something else; the first wrong byte is at offset {changed} of 64;", report.Reason, StringComparison.Ordinal);
            await server.Done.Soon();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_adds_bytes_fails_at_Echo_and_they_are_shown(bool afterFin)
    {
        using var server = new ScriptedServer(peer =>
        {
            var message = peer.ReadExactly(64);
            if (!afterFin)
            {
                peer.Send([.. message, .. "\r\nbye"u8]);
                return;
            }

            peer.Send(message);
            peer.ReadEnd();
            peer.Send("\r\nbye"u8);
        });

        var report = PathProbe.Run(
            new EchoClientOptions { Port = server.EndPoint.Port, ConnectionTimeout = Bounded.Limit, CloseGrace = Bounded.Limit },
            TestContext.Current.CancellationToken);

        Check(EchoPathStage.Echo, @"sent more than it received; after the reply came ""\r\nbye""", report);
        Assert.Null(report.EchoTime);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_server_that_does_not_close_when_the_client_does_still_echoes()
    {
        using var reported = new ManualResetEventSlim();
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(peer.ReadExactly(64));
            reported.Wait(Bounded.Limit);
        });

        var report = PathProbe.Run("127.0.0.1", server.EndPoint.Port, Bounded.Limit);
        reported.Set();

        Assert.True(report.Success, report.Reason);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_probe_can_be_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(64);
            cancellation.Cancel();
            Assert.Equal(0, peer.Receive(new byte[1]));
        });

        Assert.ThrowsAny<OperationCanceledException>(() => PathProbe.Run("127.0.0.1", server.EndPoint.Port, Bounded.Limit, cancellation.Token));
        await server.Done.Soon();
    }

    private static void Check(EchoPathStage stage, string reason, PathReport report)
    {
        Assert.False(report.Success);
        Assert.Equal((stage, reason), (report.FailedStage, report.Reason));
    }
}
