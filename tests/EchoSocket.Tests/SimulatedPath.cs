using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>
/// A relay that loses, delays, reorders and duplicates what a UDP meter sends, an echo server behind it, and the meter's clock. The
/// datagrams go through real sockets. Time passes only while the meter waits and nothing is on its way, so a run gives the same
/// figures each time, however busy the machine is. Times are in stopwatch ticks.
/// </summary>
internal sealed class SimulatedPath : WrappedPoller
{
    public static readonly long Second = Stopwatch.Frequency;
    public static readonly long Millisecond = Second / 1000;

    // The time that a poll takes if nothing is ready.
    private static readonly long PollTime = Second / 100_000;
    private static readonly long Begin = 1000 * Second;

    private readonly IPoller _poller;
    private readonly Socket _relay;
    private readonly byte[] _buffer = new byte[ushort.MaxValue];
    private readonly PriorityQueue<(EndPoint Client, byte[] Bytes), (long Due, int Order)> _replies = new();
    private int _relayed;
    private int _delivered;
    private int _received;

    public SimulatedPath(IPoller poller)
        : base(poller)
    {
        _poller = poller;
        _relay = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)Bounded.Limit.TotalMilliseconds };
        _relay.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    }

    /// <summary>
    /// The replies to a datagram, whose socket and number are given: after what delay each comes, and its bytes. By default one comes at
    /// once, upper-cased.
    /// </summary>
    public Func<int, long, byte[], IEnumerable<(long Delay, byte[] Bytes)>> Answer { get; set; } = (_, _, bytes) => [(0, Upper(bytes))];

    public long Now { get; private set; } = Begin;

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(Begin, Now);

    /// <summary>When each datagram was sent.</summary>
    public List<(int Socket, long Number, TimeSpan Time)> Sent { get; } = [];

    public IPEndPoint EndPoint => (IPEndPoint)_relay.LocalEndPoint!;

    public static byte[] Upper(byte[] bytes)
    {
        var reply = bytes.ToArray();
        AsciiUpper.Apply(reply, 0, reply.Length);
        return reply;
    }

    public EchoUdpMeterOptions Options(Action<EchoUdpMeterOptions>? configure = null)
    {
        var options = new EchoUdpMeterOptions { Port = EndPoint.Port, WarmupCount = 0, Poller = () => this, Timestamp = () => Now };
        configure?.Invoke(options);
        return options;
    }

    public UdpMeterResult Measure(Action<EchoUdpMeterOptions>? configure = null) =>
        (UdpMeterResult)new EchoUdpMeter(Options(configure)).Run(TestContext.Current.CancellationToken);

    public override int Wait(int milliseconds, int[] ready)
    {
        Assert.True(Elapsed < TimeSpan.FromHours(1), "The run does not end.");
        Deliver();
        if (_delivered == _received && _poller.Wait(0, ready) is > 0 and var count)
            return count; // woken
        if (_delivered == _received)
        {
            var next = _replies.TryPeek(out _, out var first) ? first.Due : long.MaxValue;
            Now = Math.Min(next, Now + (milliseconds == 0 ? PollTime : milliseconds < 0 ? Second : milliseconds * Millisecond));
            Deliver();
        }

        return _delivered == _received ? 0 : _poller.Wait((int)Bounded.Limit.TotalMilliseconds, ready);
    }

    protected override int Send(int token, ITransport transport, byte[] buffer, int offset, int count, out SocketError error)
    {
        var sent = base.Send(token, transport, buffer, offset, count, out error);
        if (sent > 0)
            Sent.Add((Socket(buffer), Number(buffer), Elapsed));
        while (_relayed < Sent.Count)
            Relay();
        return sent;
    }

    protected override int Receive(int token, ITransport transport, byte[] buffer, int offset, int count, out SocketError error)
    {
        var received = base.Receive(token, transport, buffer, offset, count, out error);
        _received += error == SocketError.Success ? 1 : 0;
        return received;
    }

    // Written again here, so that a test would see a change of the format.
    private static long Number(byte[] datagram) => Enumerable.Range(0, 6).Sum(i => (datagram[i] - 0x20L) << (6 * i));

    private static int Socket(byte[] datagram) => datagram[6] - 0x20 + ((datagram[7] - 0x20) << 6);

    private void Relay()
    {
        EndPoint client = new IPEndPoint(IPAddress.Any, 0);
        var bytes = _buffer.AsSpan(0, _relay.ReceiveFrom(_buffer, ref client)).ToArray();
        _relayed++;
        foreach (var (delay, reply) in Answer(Socket(bytes), Number(bytes), bytes))
            _replies.Enqueue((client, reply), (Now + delay, _replies.Count + (_relayed * 1000)));
    }

    private void Deliver()
    {
        while (_replies.TryPeek(out var reply, out var at) && at.Due <= Now)
        {
            _replies.Dequeue();
            _relay.SendTo(reply.Bytes, reply.Client);
            _delivered++;
        }
    }
}
