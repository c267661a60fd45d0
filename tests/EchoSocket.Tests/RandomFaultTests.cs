using System;
using System.Linq;
using System.Net.Sockets;
using EchoSocket.Faults;
using EchoSocket.Serving;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Random plans against random clients in memory, with a clock that jumps from one timer to the next.</summary>
public class RandomFaultTests
{
    private long _now = 1_000_000;

    [Fact]
    public void Ten_thousand_random_plans_account_for_every_connection_and_leak_nothing()
    {
        var random = new Random(1);
        var (poller, connections, activity, unsent, timers) = (new FakePoller(), new ConnectionTable(2), new ActivityOrder(), new UnsentReplies(UnsentReplies.MaxReadSize), new Timers());
        var (counters, recorder) = (new ServerCounters(), new Recorder());
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var acceptor = new Acceptor([listener], 1, new AcceptLimits(100, long.MaxValue), null, poller, counters, recorder);
        var closer = new ConnectionCloser(poller, connections, activity, unsent, acceptor, counters, recorder, "127.0.0.1:2");
        var answering = new Answering(poller, null, unsent, closer, counters, recorder);
        var services = new FaultServices(poller, timers, unsent, counters, recorder, () => _now);

        for (var number = 1; number <= 10_000; number++)
        {
            var faults = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Fault(random)).ToArray();
            var (wire, token) = (new FakeTransport(), connections.TakeToken());
            var plan = new FaultPlan(faults, number, number, _now) { IsEstablished = true };
            var faulty = new FaultyTransport(wire, wire, null, plan, services, token);
            var connection = new ServedConnection(token, faulty, number) { Faulty = faulty };
            connections.Add(connection);
            activity.Add(connection);
            counters.Accepted();
            faulty.Begin(connection);

            for (var step = 0; step < 20 && connections[token] == connection; step++)
            {
                wire.Room = random.Next(3) == 0 ? random.Next(5) : int.MaxValue;
                if (random.Next(2) == 0)
                    wire.Receives(new string('x', random.Next(1, 50)));
                if (random.Next(2) == 0)
                    _now = Math.Max(_now, timers.Due == long.MaxValue ? _now : timers.Due);
                timers.TryTake(_now, out _);
                answering.Advance(connection);
            }

            if (connections[token] == connection)
                closer.End(connection, EndReason.PeerReset);

            Assert.Equal((0, long.MaxValue, 0), (connections.Count, timers.Due, counters.Active));
            Assert.Equal(UnsentReplies.MaxReadSize, unsent.ReadSize);
            var result = recorder.Connections.Last();
            Assert.Equal((number, wire.Outgoing.Count, true), (result.Connection, result.BytesSent, wire.IsClosed));
        }

        Assert.Equal(10_000, recorder.Connections.Count);
    }

    private static EchoFault Fault(Random random)
    {
        var (time, bytes) = (TimeSpan.FromMilliseconds(random.Next(100)), random.Next(1, 60));
        return random.Next(12) switch
        {
            0 => EchoFault.Delay(time, time),
            1 => EchoFault.Throttle(bytes),
            2 => EchoFault.Slice(bytes, time),
            3 => EchoFault.Close(bytes),
            4 => EchoFault.Reset(time),
            5 => EchoFault.HalfClose(bytes),
            6 => EchoFault.Silence(bytes),
            7 => EchoFault.Stall(bytes),
            8 => EchoFault.Corrupt(bytes),
            9 => EchoFault.Truncate(bytes),
            10 => EchoFault.Duplicate(),
            _ => EchoFault.RefuseConnection().WithProbability(0.1),
        };
    }
}
