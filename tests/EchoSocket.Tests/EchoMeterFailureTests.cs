using System;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;
using EchoSocket.Polling;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

public class EpollMeterFailureTests : EchoMeterFailureTests
{
    private protected override IPoller Create() => Pollers.Epoll();
}

public class EpollTlsMeterFailureTests : EchoMeterFailureTests
{
    private protected override bool Tls => true;

    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectMeterFailureTests : EchoMeterFailureTests
{
    private protected override IPoller Create() => new SelectPoller();
}

public class SelectTlsMeterFailureTests : EchoMeterFailureTests
{
    private protected override bool Tls => true;

    private protected override IPoller Create() => new SelectPoller();
}

/// <summary>What a result says when the server, or this computer, fails.</summary>
public abstract class EchoMeterFailureTests : MeterTestBase
{
    [Fact]
    public void A_measured_server_that_never_answers_is_given_up()
    {
        using var server = Scripted(peer => peer.ReadExactly(1_000_000));

        var result = Run(server, o => o.OperationTimeout = TimeSpan.FromSeconds(0.1));

        AssertFailed(EchoError.OperationTimeout, result);
        Assert.True(result.Duration >= TimeSpan.FromSeconds(0.1), $"{result.Duration}");
    }

    [Fact]
    public void A_server_that_closes_at_once_and_one_that_resets_are_different_failures()
    {
        using var closes = Scripted(peer =>
        {
            peer.CloseSending();
            while (peer.Receive(new byte[100]) > 0)
            {
            }
        });
        AssertFailed(EchoError.ConnectionClosedEarly, Run(closes));

        using var resets = Scripted(peer =>
        {
            peer.ReadExactly(32);
            peer.Reset();
        });
        AssertFailed(EchoError.ConnectionReset, Run(resets));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 31)]
    [InlineData(5, 17)]
    public void A_failed_measurement_names_the_first_wrong_byte(int message, int offset)
    {
        using var server = Scripted(peer =>
        {
            for (var i = 0; ; i++)
            {
                var bytes = peer.ReadExactly(32);
                if (i == message)
                    bytes[offset] ^= 0x80;
                peer.Send(bytes);
            }
        });

        var result = Run(server, o => o.WarmupCount = 0);

        Assert.Equal(1, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.ReplyMismatch)).Value);
        Assert.Contains($"the first wrong byte is at offset {offset} of the 32 bytes of message {message + 1} on its connection. It sent \"", result.Detail, StringComparison.Ordinal);
        Assert.Equal((message, 1L), (result.Received, result.Lost));
    }

    [Fact]
    public void A_server_that_changes_its_form_or_sends_more_than_it_got_is_no_echo_server()
    {
        using var changes = Scripted(peer =>
        {
            var first = peer.ReadExactly(1000);
            AsciiUpper.Apply(first, 0, first.Length);
            peer.Send(first);
            peer.Send(peer.ReadExactly(1000));
        });
        var changed = Run(changes, o => (o.WarmupCount, o.MessageSize) = (0, 1000));
        Assert.Equal((1L, 1L), (changed.Received, changed.Errors[nameof(EchoError.ReplyMismatch)]));

        using var adds = Scripted(peer => peer.Send([.. peer.ReadExactly(32), 0]));
        var added = Run(adds, o => o.WarmupCount = 0);
        Assert.Equal(1, added.Errors[nameof(EchoError.ReplyMismatch)]);
        Assert.Contains("sent more than it received: after its reply to message 1 came \"\\0\".", added.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_beyond_the_last_reply_are_a_failure_whenever_they_come_before_the_FIN()
    {
        using var atOnce = Scripted(peer =>
        {
            peer.Send([.. peer.ReadExactly(32), 0]);
            peer.Receive(new byte[1]);
        });
        using var afterFin = Scripted(peer =>
        {
            peer.Send(peer.ReadExactly(32));
            peer.Receive(new byte[1]);
            peer.Send([0]);
        });
        foreach (var server in new[] { atOnce, afterFin })
        {
            var result = Run(server, o => (o.WarmupCount, o.Count, o.CloseGrace) = (0, 1, Bounded.Limit));

            Assert.Equal((1L, 0L, 1L), (result.Received, result.Lost, result.Errors[nameof(EchoError.ReplyMismatch)]));
            Assert.Contains("sent more than it received: after its reply to message 1 came \"\\0\".", result.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_measured_server_that_does_not_close_is_left_after_a_short_time()
    {
        using var ended = new ManualResetEventSlim();
        using var server = Scripted(peer =>
        {
            peer.Send(peer.ReadExactly(32));
            ended.Wait(Bounded.Limit);
        });

        var result = Run(server, o => (o.WarmupCount, o.Count, o.CloseGrace) = (0, 1, TimeSpan.FromMilliseconds(50)));
        ended.Set();

        Assert.Equal((1L, 0L), (result.Received, result.Lost));
        Assert.Empty(result.Errors);
    }

    [Fact]
    public void A_measurement_without_a_connection_says_why()
    {
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var refused = new EchoMeter(Options(((System.Net.IPEndPoint)bound.LocalEndPoint!).Port)).Run();
        AssertFailed(EchoError.ConnectionRefused, refused);
        Assert.Equal((0L, 0, null, ""), (refused.Sent, refused.Connections, refused.ConnectTime, refused.RemoteEndPoint));

        using var full = FullBacklog.Create();
        AssertFailed(EchoError.ConnectionTimeout, new EchoMeter(Options(full.EndPoint.Port, o => o.ConnectionTimeout = TimeSpan.FromSeconds(0.2))).Run());

        AssertFailed(EchoError.HostNotFound, new EchoMeter(Options(9, o => o.Host = "no-such-host.invalid")).Run());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_lack_of_handles_is_a_result_and_leaves_no_connection_open(int enough)
    {
        using var server = Server();
        var fails = new FailingPoller(Create(), enough);

        var result = Run(server, o => (o.Connections, o.Poller) = (5, () => enough == 0 ? throw new System.ComponentModel.Win32Exception(24) : fails));

        Assert.Equal(1, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.SocketFailure)).Value);
        Assert.StartsWith("Nothing could be measured: ", result.Detail, StringComparison.Ordinal);
        Assert.Equal((0L, enough == 0 ? 0 : 5), (result.Sent, result.Connections));
        await server.Recorder.Ended(result.Connections);
    }

    [Fact]
    public void Correct_replies_before_a_wrong_byte_in_the_same_read_count()
    {
        using var server = Scripted(peer =>
        {
            var bytes = peer.ReadExactly(10 * 32);
            bytes[(7 * 32) + 3] ^= 0x80;
            peer.Send(bytes);
            peer.Receive(bytes);
        });

        var result = Run(server, o => (o.WarmupCount, o.Count, o.InFlight) = (0, 10, 10));

        Assert.Equal((10L, 7L, 3L), (result.Sent, result.Received, result.Lost));
        Assert.Contains("at offset 3 of the 32 bytes of message 8 on its connection.", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Swapped_replies_are_wrong_whatever_their_size()
    {
        foreach (var size in new[] { 32, 65_521 })
        {
            using var server = Scripted(peer =>
            {
                var (first, second) = (peer.ReadExactly(size), peer.ReadExactly(size));
                peer.Send(second);
                peer.Send(first);
            });

            Assert.Single(Run(server, o => (o.WarmupCount, o.InFlight, o.MessageSize) = (0, 2, size)).Errors, e => e.Key == nameof(EchoError.ReplyMismatch));
        }
    }

    private sealed class FailingPoller(IPoller poller, int max) : WrappedPoller(poller)
    {
        private int _added;

        public override ITransport Adopt(Socket socket, int token) =>
            _added++ < max ? base.Adopt(socket, token) : throw new System.ComponentModel.Win32Exception(24);
    }

    private static void AssertFailed(EchoError error, MeterResult result)
    {
        Assert.Equal(1, Assert.Single(result.Errors, e => e.Key == error.ToString()).Value);
        Assert.NotEqual("", result.Detail);
        Assert.Equal((0L, result.Sent, 0.0, 0.0), (result.Received, result.Lost, result.MessagesPerSecond, result.BytesPerSecond));
        Assert.All([result.Minimum, result.Mean, result.StandardDeviation, result.P50, result.P90, result.P99, result.P999, result.Maximum], Assert.Null);
        Assert.Empty(result.Histogram);
    }
}
