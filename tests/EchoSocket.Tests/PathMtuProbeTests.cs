using System;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

public class EpollPathMtuTests : PathMtuProbeTests
{
    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectPathMtuTests : PathMtuProbeTests
{
    private protected override IPoller Create() => new SelectPoller();
}

/// <summary>The search for the largest datagram that comes back whole, over a relay that drops what is larger, and without a word.</summary>
public abstract class PathMtuProbeTests
{
    private protected abstract IPoller Create();

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(548)]
    [InlineData(1252)]
    [InlineData(1472)]
    [InlineData(1473)]
    [InlineData(8972)]
    [InlineData(65_506)]
    [InlineData(65_507)]
    public void The_largest_datagram_that_comes_back_whole_is_found(int largest)
    {
        var path = new SimulatedPath(Create()) { Answer = (_, _, bytes) => bytes.Length <= largest ? [(0, SimulatedPath.Upper(bytes))] : [] };

        var result = PathMtuProbe.Run(path.Options(), TestContext.Current.CancellationToken);

        Assert.Equal((largest, largest + 28, ""), (result.MaxMessageSize, result.PathMtu, result.Detail));
        Assert.Null(result.Failure);
        Assert.Equal(path.EndPoint.ToString(), result.RemoteEndPoint);
        Assert.Equal(path.Sent.Count, result.Probes);
        Assert.InRange(result.Probes, 2, 19 * 3);
        Assert.InRange(result.Lost, 0, result.Probes - 1);
        Assert.InRange(result.Duration.TotalSeconds, 0, 19 * 3 * 1.01);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_lost_probe_is_sent_again(int seed)
    {
        // A third of the datagrams that fit is lost, but no three in a row.
        var (random, inARow) = (new Random(seed), 0);
        var path = new SimulatedPath(Create())
        {
            Answer = (_, _, bytes) =>
            {
                inARow = bytes.Length > 1372 || (inARow < 2 && random.Next(3) == 0) ? inARow + 1 : 0;
                return inARow == 0 ? [(SimulatedPath.Millisecond, bytes)] : [];
            },
        };

        Assert.Equal(1372, PathMtuProbe.Run(path.Options(), TestContext.Current.CancellationToken).MaxMessageSize);
    }

    [Fact]
    public void A_late_reply_to_an_earlier_probe_is_not_taken_for_that_of_a_later_one()
    {
        // What is too large comes back whole, but only when the next size is already being tried.
        var path = new SimulatedPath(Create()) { Answer = (_, _, bytes) => [(bytes.Length <= 1000 ? 0 : 7 * SimulatedPath.Second / 2, bytes)] };

        Assert.Equal(1000, PathMtuProbe.Run(path.Options(), TestContext.Current.CancellationToken).MaxMessageSize);
    }

    [Fact]
    public void A_reply_to_an_earlier_try_counts_as_well()
    {
        var path = new SimulatedPath(Create()) { Answer = (_, _, bytes) => bytes.Length <= 1000 ? [(5 * SimulatedPath.Second / 2, bytes)] : [] };

        Assert.Equal(1000, PathMtuProbe.Run(path.Options(), TestContext.Current.CancellationToken).MaxMessageSize);
    }

    [Fact]
    public void A_server_that_cuts_datagrams_is_told_from_a_path_that_drops_them()
    {
        var path = new SimulatedPath(Create()) { Answer = (_, _, bytes) => [(0, bytes[..Math.Min(bytes.Length, 1024)])] };

        var result = PathMtuProbe.Run(path.Options(), TestContext.Current.CancellationToken);

        Assert.Equal(1024, result.MaxMessageSize);
        Assert.Contains("only 1,024 came back", result.Detail, StringComparison.Ordinal);
        Assert.InRange(result.Probes, 2, 20); // no size is tried again
    }

    [Fact]
    public void A_path_that_drops_everything_is_a_failure_after_three_time_outs()
    {
        var path = new SimulatedPath(Create()) { Answer = (_, _, _) => [] };

        var result = PathMtuProbe.Run(path.Options(), TestContext.Current.CancellationToken);

        Assert.Equal((EchoError.OperationTimeout, (int?)null, (int?)null, 3), (result.Failure?.Error, result.MaxMessageSize, result.PathMtu, result.Probes));
        Assert.InRange(path.Elapsed.TotalSeconds, 3, 3.01);
    }

    [Theory]
    [InlineData(0, "it does not begin with the number of a datagram that was sent")]
    [InlineData(8, "its first wrong byte is at offset 8 of 65,507")]
    [InlineData(1000, "its first wrong byte is at offset 1,000 of 65,507")]
    public void A_server_that_answers_something_else_is_told_from_a_path_that_drops_datagrams(int wrong, string problem)
    {
        var path = new SimulatedPath(Create()) { Answer = (_, _, bytes) => [(0, [.. bytes[..Math.Min(wrong, bytes.Length)], .. new byte[Math.Max(bytes.Length - wrong, 0)]])] };

        var result = PathMtuProbe.Run(path.Options(), TestContext.Current.CancellationToken);

        Assert.Equal((EchoError.ReplyMismatch, (int?)null), (result.Failure?.Error, result.MaxMessageSize));
        Assert.Contains(problem, result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stray_datagram_does_not_matter()
    {
        var path = new SimulatedPath(Create()) { Answer = (_, _, bytes) => bytes.Length <= 1000 ? [(0, new byte[5]), (0, bytes)] : [(0, new byte[5])] };

        var result = PathMtuProbe.Run(path.Options(), TestContext.Current.CancellationToken);

        Assert.Equal((1000, null), (result.MaxMessageSize, result.Failure));
    }

    [Fact]
    public void A_port_that_nothing_listens_on_is_refused_at_once()
    {
        int port;
        using (var peer = new UdpPeer())
            port = peer.Port;

        var result = Bounded.Start(() => PathMtuProbe.Run(new EchoUdpMeterOptions { Port = port, Poller = Create, OperationTimeout = TimeSpan.FromHours(1) })).Get();

        Assert.Equal(EchoError.ConnectionRefused, result.Failure?.Error);
    }

    [Fact]
    public void Over_IPv6_the_headers_have_48_bytes()
    {
        using var peer = new UdpPeer(IPAddress.IPv6Loopback, bytes => bytes.Length <= 1232 ? bytes : null);

        var result = PathMtuProbe.Run(new EchoUdpMeterOptions { Host = "::1", Port = peer.Port, Poller = Create, OperationTimeout = TimeSpan.FromMilliseconds(300) }, TestContext.Current.CancellationToken);

        Assert.Equal((1232, 1280), (result.MaxMessageSize, result.PathMtu));
    }

    [Fact]
    public async Task A_search_can_be_stopped()
    {
        using var peer = new UdpPeer(answer: bytes => bytes.Length <= 1000 ? bytes : null);
        using var stop = new CancellationTokenSource();
        var options = new EchoUdpMeterOptions { Port = peer.Port, Poller = Create, OperationTimeout = TimeSpan.FromHours(1) };
        var running = Bounded.Start(() => PathMtuProbe.Run(options, stop.Token));

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Soon(Bounded.Promptly));
    }
}
