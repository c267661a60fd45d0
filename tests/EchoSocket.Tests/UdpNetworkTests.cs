using System;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The meter of UDP on networks that Linux simulates: a small MTU, and tc-netem(8).</summary>
public class UdpNetworkTests
{
    [Fact]
    public async Task Netem_losses_are_counted_exactly()
    {
        var (result, dropped) = await WithNetem("loss 10% delay 1ms", o => (o.Count, o.InFlight) = (500, 50));

        // The server loses none, so what is missing was dropped, on the way there or back.
        Assert.Equal((500L, dropped, 500 - dropped), (result.Sent, result.Lost + result.Late, result.Received));
        Assert.InRange(result.Lost, 50, 150); // 95 are expected
        Assert.Equal((0L, 0L), (result.Duplicated, result.Reordered));
    }

    [Fact]
    public async Task Netem_duplicates_and_reorders()
    {
        var (result, dropped) = await WithNetem("delay 10ms reorder 25% duplicate 10%", o => (o.Count, o.Rate) = (500, 1000));

        Assert.Equal((0L, 500L, 0L, 500L), (dropped, result.Sent, result.Lost, result.Received + result.Late));
        Assert.InRange(result.Duplicated, 40, 300); // 105 are expected
        Assert.InRange(result.Reordered, 50, 500);
        Assert.True(result.Jitter > TimeSpan.FromMilliseconds(1), $"{result.Jitter}");
    }

    [Theory]
    [InlineData("127.0.0.1", 1500, 1472)]
    [InlineData("127.0.0.1", 9000, 8972)]
    [InlineData("::1", 1280, 1232)]
    public async Task The_MTU_of_an_interface_is_found_and_named(string host, int mtu, int largest)
    {
        var fragmented = await NetworkNamespace.Run(() =>
        {
            Assert.SkipUnless(NetworkNamespace.TryRun("ip", $"link set lo mtu {mtu}", out var problem), problem);
            using var peer = new InlinePeer(IPAddress.Parse(host));
            var options = new EchoUdpMeterOptions { Host = host, Port = peer.Port, Count = 5 };

            var found = PathMtuProbe.Run(options);
            Assert.Equal((largest, mtu, ""), (found.MaxMessageSize, found.PathMtu, found.Detail));
            Assert.InRange(found.Probes, 3, 3); // a small one, the interface's limit, and one byte more

            (options.DontFragment, options.MessageSize) = (true, largest);
            Assert.Equal(5, new EchoUdpMeter(options).Run().Received);
            options.MessageSize = largest + 1;
            var refused = new EchoUdpMeter(options).Run();
            Assert.Equal([nameof(EchoError.MessageTooLarge)], refused.Errors.Keys);
            Assert.Contains(string.Format(CultureInfo.InvariantCulture, "the path MTU is {0:N0}. Send at most {1:N0} bytes", mtu, largest), refused.Detail, StringComparison.Ordinal);
            options.DontFragment = false;
            return new EchoUdpMeter(options).Run();
        }).Soon();
        Assert.Equal((5L, ""), (fragmented.Received, fragmented.Detail));
    }

    // What came of it, and how many datagrams netem has dropped.
    private static async Task<(UdpMeterResult Result, long Dropped)> WithNetem(string options, Action<EchoUdpMeterOptions> configure) =>
        await NetworkNamespace.Run(() =>
        {
            Assert.SkipUnless(NetworkNamespace.TryRun("tc", $"qdisc add dev lo root netem limit 10000 {options}", out var problem), $"tc netem is not available here: {problem}");
            using var peer = new InlinePeer(IPAddress.Loopback);
            var meterOptions = new EchoUdpMeterOptions { Port = peer.Port, WarmupCount = 0, OperationTimeout = TimeSpan.FromSeconds(2) };
            configure(meterOptions);
            var result = (UdpMeterResult)new EchoUdpMeter(meterOptions).Run();
            Assert.True(NetworkNamespace.TryRun("tc", "-s qdisc show dev lo", out var statistics), statistics);
            return (result, long.Parse(Regex.Match(statistics, @"dropped (\d+)").Groups[1].Value, CultureInfo.InvariantCulture));
        }).Soon();

    /// <summary>An echo server whose socket the calling thread creates, in its own namespace.</summary>
    private sealed class InlinePeer : IDisposable
    {
        private readonly Socket _socket;
        private readonly Task _done;

        public InlinePeer(IPAddress address)
        {
            _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            _socket.Bind(new IPEndPoint(address, 0));
            _done = Bounded.Start(Serve);
        }

        public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

        public void Dispose()
        {
            _socket.Dispose();
            _done.Get();
        }

        private void Serve()
        {
            var buffer = new byte[ushort.MaxValue];
            EndPoint client = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
            try
            {
                while (true)
                    _socket.SendTo(buffer, _socket.ReceiveFrom(buffer, ref client), SocketFlags.None, client);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // closed
            }
        }
    }
}
