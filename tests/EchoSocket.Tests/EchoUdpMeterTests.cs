using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

public class EpollUdpMeterTests : EchoUdpMeterTests
{
    private protected override IPoller Create() => Pollers.Epoll();
}

public class SelectUdpMeterTests : EchoUdpMeterTests
{
    private protected override IPoller Create() => new SelectPoller();
}

/// <summary>What a measurement over UDP finds, on paths that lose, delay, reorder and duplicate.</summary>
public abstract class EchoUdpMeterTests
{
    private const long Millisecond = 1; // a unit: the tests' delays are in ms

    private static readonly long Tick = SimulatedPath.Millisecond;

    private protected abstract IPoller Create();

    [Theory]
    [InlineData(8, 1, 1, 100, true)]
    [InlineData(32, 1, 1, 500, false)]
    [InlineData(32, 5, 20, 1000, true)]
    [InlineData(1400, 3, 64, 1000, true)]
    [InlineData(65_507, 1, 2, 20, true)]
    public void A_path_without_fault_loses_nothing(int size, int connections, int inFlight, int count, bool upper)
    {
        var path = Path((_, _, bytes) => [(Tick, upper ? SimulatedPath.Upper(bytes) : bytes)]);

        var result = path.Measure(o => (o.MessageSize, o.Connections, o.InFlight, o.Count) = (size, connections, inFlight, count));

        Assert.Equal("", result.Detail);
        Assert.Equal((count, count, 0L, 0L, 0L, 0L, 0L), (result.Sent, result.Received, result.Lost, result.Late, result.Duplicated, result.Reordered, result.LongestLossRun));
        Assert.Empty(result.Errors);
        Assert.Equal((connections, inFlight, size), (result.Connections, result.InFlight, result.MessageSize));
        Assert.Equal(path.EndPoint.ToString(), result.RemoteEndPoint);
        Assert.Equal((1.0, 1.0, 0.0), (Round(result.Minimum), Round(result.Maximum), Round(result.Jitter)));
        Assert.Equal(count, result.Histogram.Sum(b => b.Count));
        Assert.Equal(Enumerable.Range(0, connections), path.Sent.Select(s => s.Socket).Distinct().Order());
    }

    [Theory]
    [InlineData(1, 1, null)]
    [InlineData(1, 7, null)]
    [InlineData(3, 40, null)]
    [InlineData(1, 10_000, 2000.0)]
    [InlineData(4, 10_000, 5000.0)]
    public void Loss_delay_reordering_and_duplication_are_counted_exactly(int connections, int inFlight, double? rate)
    {
        // A seeded relay. The replies that come in time take up to 50 ms, the late ones 150 ms or more.
        const int Count = 1000;
        var random = new Random(13);
        var arrivals = new List<(int Socket, long Number, long Due, bool Late)>();
        var (lost, late, duplicated) = (0, 0, 0);
        var inTime = new HashSet<(int, long)>();
        SimulatedPath path = null!;
        path = Path((socket, number, bytes) =>
        {
            var reply = SimulatedPath.Upper(bytes);
            switch (random.Next(20))
            {
                case 0:
                    lost++;
                    return [];
                case 1:
                    late++;
                    return [((150 + random.Next(50)) * Tick, reply)];
                case 2:
                    inTime.Add((socket, number));
                    duplicated++;
                    var delay = random.Next(50) * Tick;
                    arrivals.Add((socket, number, path.Now + delay, false));
                    return [(delay, reply), (delay + (random.Next(100) * Tick), reply)];
                default:
                    inTime.Add((socket, number));
                    delay = random.Next(50) * Tick;
                    arrivals.Add((socket, number, path.Now + delay, false));
                    return [(delay, reply)];
            }
        });

        var result = path.Measure(o =>
        {
            (o.Count, o.Connections, o.InFlight, o.Rate, o.OperationTimeout) = (Count, connections, inFlight, rate, TimeSpan.FromMilliseconds(100));
            o.CloseGrace = TimeSpan.FromSeconds(1); // nothing comes later
        });

        Assert.Equal("", result.Detail);
        Assert.Empty(result.Errors);
        Assert.Equal(
            (Count, Count - lost - late, lost, late, duplicated),
            (result.Sent, result.Received, result.Lost, result.Late, result.Duplicated));
        var reordered = arrivals.GroupBy(a => a.Socket).Sum(s =>
        {
            var highest = -1L;
            return s.Select((a, i) => (a.Number, a.Due, i)).OrderBy(a => a.Due).ThenBy(a => a.i).Count(a =>
            {
                var isReordered = a.Number < highest;
                highest = Math.Max(highest, a.Number);
                return isReordered;
            });
        });
        Assert.Equal(reordered, result.Reordered);
        if (inFlight == 1)
            Assert.Equal(0, reordered);
        else
            Assert.InRange(reordered, 10, Count);
        var runs = path.Sent.GroupBy(s => s.Socket).SelectMany(s => string.Concat(s.OrderBy(d => d.Number).Select(d => inTime.Contains((d.Socket, d.Number)) ? ' ' : 'x')).Split(' '));
        Assert.Equal(runs.Max(r => r.Length), result.LongestLossRun);
        Assert.Equal(100.0 * lost / Count, result.PercentOfSent(result.Lost));
        Assert.InRange(lost, 20, 80);
        Assert.InRange(late, 20, 80);
        Assert.InRange(duplicated, 20, 80);
    }

    [Fact]
    public void In_a_closed_loop_a_lost_datagram_makes_room_for_the_next_when_its_time_is_up()
    {
        var path = Path((_, number, bytes) => number == 3 ? [] : [(0, bytes)]);

        var result = path.Measure(o => (o.Count, o.OperationTimeout) = (10, TimeSpan.FromSeconds(1)));

        Assert.Equal((10L, 9L, 1L), (result.Sent, result.Received, result.Lost));
        Assert.InRange((path.Sent[4].Time - path.Sent[3].Time).TotalMilliseconds, 1000, 1060);
        Assert.Equal(path.Sent[3].Time, path.Sent[2].Time);
    }

    [Theory]
    [InlineData(50, 1)]
    [InlineData(400, 3)]
    [InlineData(3000, 2)]
    public void An_open_loop_keeps_its_pace_within_1_percent_although_datagrams_are_lost(double rate, int connections)
    {
        var path = Path((_, number, bytes) => number % 4 == 1 ? [] : [(20 * Tick, bytes)]);

        var result = path.Measure(o => (o.Duration, o.Rate, o.Connections) = (TimeSpan.FromSeconds(1), rate, connections));

        Assert.Equal((long)rate, result.Sent);
        Assert.Equal("", result.Detail);
        for (var i = 0; i < path.Sent.Count; i++)
            Assert.InRange(path.Sent[i].Time.TotalSeconds, i / rate, (i / rate) + (0.01 / rate) + 0.00002); // two polls of the simulation
        Assert.Equal(result.Sent, result.Received + result.Lost);
        Assert.InRange(result.LongestLossRun, 1, 1);
    }

    [Fact]
    public void Jitter_is_the_smoothed_difference_of_successive_round_trips()
    {
        // 10 and 30 ms in turn: after n differences of 20 ms it is 20 ms * (1 - (15/16)^n).
        var path = Path((_, number, bytes) => [((number % 2 == 0 ? 10 : 30) * Tick, bytes)]);

        var result = path.Measure(o => o.Count = 11);

        Assert.Equal(20 * (1 - Math.Pow(15.0 / 16, 10)), result.Jitter!.Value.TotalMilliseconds, 0.001);
        Assert.Null(Path((_, _, bytes) => [(0, bytes)]).Measure(o => o.Count = 1).Jitter);
    }

    [Fact]
    public void A_wrong_or_foreign_datagram_is_an_error_and_settles_nothing()
    {
        var path = Path((_, number, bytes) =>
        {
            var wrong = SimulatedPath.Upper(bytes);
            wrong[^1] ^= 1;
            var notOurs = SimulatedPath.Upper(bytes);
            notOurs[0]++; // the number of a datagram that was not sent yet
            return number switch
            {
                0 => [(0, wrong), (Tick, bytes)],
                1 => [(0, [.. bytes, 0]), (0, bytes[..^1]), (0, []), (0, "foreign"u8.ToArray()), (0, notOurs), (Tick, bytes)],
                2 => [(0, wrong)],
                _ => [(0, bytes)],
            };
        });

        var result = path.Measure(o => o.Count = 10);

        Assert.Equal((10L, 9L, 1L), (result.Sent, result.Received, result.Lost));
        Assert.Equal(7, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.ReplyMismatch)).Value);
        Assert.Contains("its first wrong byte is at offset 31 of 32", result.Detail, StringComparison.Ordinal);
        Assert.Equal(0, result.FailedSockets);
    }

    [Fact]
    public void A_server_keeps_to_one_form_on_a_socket()
    {
        var path = Path((_, number, bytes) => [(0, number == 5 ? bytes : SimulatedPath.Upper(bytes))]);

        var result = path.Measure(o => (o.Count, o.MessageSize) = (10, 500));

        Assert.Equal((9L, 1L, 1L), (result.Received, result.Lost, result.Errors[nameof(EchoError.ReplyMismatch)]));
    }

    [Fact]
    public void A_warm_up_counts_in_no_figure()
    {
        // On each socket the first datagram is lost, the second late, and the third has a duplicate, which comes in the measurement.
        var path = Path((_, number, bytes) => number switch
        {
            0 => [],
            1 => [(1500 * Tick, bytes)],
            2 => [(0, bytes), (Tick, bytes)],
            _ => [(5 * Tick, bytes)],
        });

        var result = path.Measure(o => (o.Count, o.WarmupCount, o.Connections) = (20, 3, 2));

        Assert.Equal((20L, 20L, 0L, 0L, 0L), (result.Sent, result.Received, result.Lost, result.Late, result.Duplicated));
        Assert.Equal(26, path.Sent.Count);
        Assert.Equal(5.0, Round(result.Maximum));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(0, 50)]
    [InlineData(50, 1)]
    public void A_closed_loop_that_gets_no_reply_ends_after_ten_time_outs_with_an_error(int warmupCount, int inFlight)
    {
        var path = Path((_, _, _) => []);

        var result = path.Measure(o => (o.Count, o.WarmupCount, o.InFlight) = (1_000_000, warmupCount, inFlight));

        Assert.Equal((0L, result.Sent), (result.Received, result.Lost));
        Assert.InRange(path.Elapsed.TotalSeconds, 10, 11.6);
        Assert.Equal(1, Assert.Single(result.Errors, e => e.Key == nameof(EchoError.OperationTimeout)).Value);
        Assert.Contains("nothing came back for 10 s", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void With_a_duration_a_run_measures_through_an_outage()
    {
        var path = Path((_, _, bytes) => [(0, bytes)]);
        path.Answer = (_, _, bytes) => path.Elapsed.TotalSeconds is > 5 and < 25 ? [] : [(Tick, bytes)];

        var result = path.Measure(o => (o.Duration, o.Rate) = (TimeSpan.FromSeconds(30), 10));

        Assert.Equal((300L, 101L, 199L, 199L), (result.Sent, result.Received, result.Lost, result.LongestLossRun));
        Assert.Empty(result.Errors);
    }

    [Fact]
    public async Task A_port_that_nothing_listens_on_is_refused_at_once()
    {
        int port;
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        }

        var options = new EchoUdpMeterOptions { Port = port, Poller = Create, OperationTimeout = TimeSpan.FromHours(1), Connections = 3 };
        var result = (UdpMeterResult)await Bounded.Start(() => new EchoUdpMeter(options).Run()).Soon();

        Assert.Equal((0L, 0L, 3L), (result.Sent, result.Received, result.FailedSockets));
        Assert.Equal([nameof(EchoError.ConnectionRefused)], result.Errors.Keys);
        Assert.Contains("Nothing listens on 127.0.0.1:", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_goes_away_and_comes_back_costs_losses_and_not_the_run()
    {
        // While it is away the port is unreachable, so ICMP reports errors.
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 30_000 };
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var endPoint = (IPEndPoint)server.LocalEndPoint!;
        using var path = new AwayPoller(Create(), () => server, s => server = s, endPoint);
        try
        {
            var options = new EchoUdpMeterOptions { Port = endPoint.Port, Poller = () => path, Count = 30, WarmupCount = 0, OperationTimeout = TimeSpan.FromMilliseconds(100), Timestamp = () => path.Now };
            var meter = new EchoUdpMeter(options);

            var result = (UdpMeterResult)meter.Run(TestContext.Current.CancellationToken);

            Assert.Equal((30L, 25L, 5L, 5L), (result.Sent, result.Received, result.Lost, result.LongestLossRun));
            Assert.Equal([nameof(EchoError.ConnectionRefused)], result.Errors.Keys);
            Assert.InRange(result.Errors[nameof(EchoError.ConnectionRefused)], 5, 5);
        }
        finally
        {
            server.Dispose();
        }
    }

    [Fact]
    public void A_message_too_large_for_a_datagram_is_refused_before_anything_is_sent()
    {
        var path = Path((_, _, bytes) => [(0, bytes)]);

        var result = path.Measure(o => o.MessageSize = 65_508);

        Assert.Empty(path.Sent);
        Assert.Equal([nameof(EchoError.MessageTooLarge)], result.Errors.Keys);
        Assert.Contains("over IPv4 a UDP datagram carries at most 65,507 bytes", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Over_IPv6_a_datagram_holds_more()
    {
        using var peer = new UdpPeer(IPAddress.IPv6Loopback);

        var result = (UdpMeterResult)new EchoUdpMeter(new EchoUdpMeterOptions { Host = "::1", Port = peer.Port, Poller = Create, MessageSize = 65_527, Count = 3 }).Run(TestContext.Current.CancellationToken);

        Assert.Equal((3L, ""), (result.Received, result.Detail));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(5000.0)]
    public async Task A_stopped_measurement_returns_its_results_so_far(double? rate)
    {
        using var peer = new UdpPeer();
        using var stop = new CancellationTokenSource();
        var meter = new EchoUdpMeter(new EchoUdpMeterOptions { Port = peer.Port, Poller = Create, Duration = TimeSpan.FromHours(1), Connections = 4, Rate = rate, OperationTimeout = Bounded.Limit });
        Assert.False(meter.IsConnected);
        var running = Bounded.Start(() => meter.Run(stop.Token));
        Assert.True(SpinWait.SpinUntil(() => meter.Received > 100, Bounded.Limit));
        Assert.True(meter.IsConnected);
        Assert.InRange(meter.Progress, double.Epsilon, 0.1);
        Assert.NotNull(meter.Median);

        await stop.CancelAsync();

        var result = (UdpMeterResult)await running.Soon(Bounded.Promptly);
        Assert.Equal("The run was stopped.", result.Detail);
        Assert.InRange(result.Received, 100, result.Sent);
        Assert.Equal((0L, 0L), (result.Lost, result.Late));
        Assert.Throws<InvalidOperationException>(() => meter.Run());
    }

    [Fact]
    public void A_measured_datagram_allocates_nothing()
    {
        Assert.SkipWhen(Create() is SelectPoller, "Socket.Select makes a list of its own");
        using var peer = new UdpPeer();
        long Allocated(int count)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var result = new EchoUdpMeter(new EchoUdpMeterOptions { Port = peer.Port, Poller = Create, Count = count, InFlight = 16, OperationTimeout = Bounded.Limit }).Run();
            Assert.Equal(count, result.Received);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Allocated(100);
        var few = Allocated(1000);

        // A byte for each datagram that is remembered, twice as its ring grows. One object each would be 720,000 bytes or more.
        Assert.InRange(Allocated(31_000) - few, long.MinValue, 400_000);
    }

    [Fact]
    public void Options_that_UDP_has_not_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new EchoUdpMeter(new EchoUdpMeterOptions { Tls = new EchoClientTls() }));
        Assert.Throws<ArgumentException>(() => new EchoUdpMeter(new EchoUdpMeterOptions { KeepAliveTime = TimeSpan.FromSeconds(5) }));
        Assert.Throws<ArgumentNullException>(() => new EchoUdpMeter(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoUdpMeterOptions { MessageSize = 7 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoUdpMeterOptions { MessageSize = 65_528 });
        Assert.Equal((1, 10_000, 5), (new EchoUdpMeterOptions().InFlight, new EchoUdpMeterOptions { Rate = 5 }.InFlight, new EchoUdpMeterOptions { Rate = 5, InFlight = 5 }.InFlight));
        Assert.Equal(TimeSpan.FromSeconds(1), new EchoUdpMeterOptions().OperationTimeout);
    }

    private static double Round(TimeSpan? time) => Math.Round(time!.Value.TotalMilliseconds * Millisecond, 2);

    private SimulatedPath Path(Func<int, long, byte[], IEnumerable<(long Delay, byte[] Bytes)>> answer) => new(Create()) { Answer = answer };

    /// <summary>An echo server that is away for five datagrams, on a clock that stands still unless nothing is on its way.</summary>
    private sealed class AwayPoller(IPoller poller, Func<Socket> server, Action<Socket> replace, IPEndPoint endPoint) : WrappedPoller(poller), IDisposable
    {
        private readonly IPoller _poller = poller;
        private int _sent;
        private int _answered;

        public long Now { get; private set; } = 1000 * SimulatedPath.Second;

        public override int Wait(int milliseconds, int[] ready)
        {
            while (_answered < _sent && !IsAway(_answered))
            {
                EndPoint client = new IPEndPoint(IPAddress.Any, 0);
                var bytes = new byte[1000];
                server().SendTo(bytes, server().ReceiveFrom(bytes, ref client), SocketFlags.None, client);
                _answered++;
            }

            if (_poller.Wait(0, ready) is > 0 and var count)
                return count;

            _answered = _sent;
            Now += Math.Max(milliseconds, 1) * SimulatedPath.Millisecond;
            return 0;
        }

        protected override int Send(int token, EchoSocket.Transport.ITransport transport, byte[] buffer, int offset, int count, out SocketError error)
        {
            if (_sent == 10)
                server().Dispose();
            if (_sent == 15)
            {
                replace(new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 30_000 });
                server().Bind(endPoint);
            }

            var sent = base.Send(token, transport, buffer, offset, count, out error);
            _sent += sent > 0 ? 1 : 0;
            return sent;
        }

        private static bool IsAway(int number) => number is >= 10 and < 15;
    }
}
