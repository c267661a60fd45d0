using System;
using System.Collections.Generic;
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
    public void Ten_thousand_random_plans_and_clients_are_all_accounted_for_and_leak_nothing()
    {
        var random = new Random(1);
        using var world = new World(() => _now);
        var reasons = new HashSet<(EndReason Reason, bool ByFault)>();

        for (var number = 1; number <= 10_000; number++)
        {
            var (wire, connection) = world.Connect(number, _now, [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Fault(random))]);
            for (var step = 0; step < 20 && world.Has(connection); step++)
            {
                wire.Room = random.Next(3) == 0 ? random.Next(5) : int.MaxValue;
                if (!wire.HasEnded && random.Next(2) == 0)
                    wire.Receives(new string('x', random.Next(1, 50)));
                wire.HasEnded |= random.Next(30) == 0;
                wire.IsReset = random.Next(30) == 0;
                if (random.Next(2) == 0)
                    _now = Math.Max(_now, world.Timers.Due == long.MaxValue ? _now : world.Timers.Due);
                world.Advance(connection, _now);
                Assert.False(wire.IsReset && world.Has(connection), "A connection that was reset has not ended.");
            }

            var cut = world.Has(connection);
            if (cut)
                world.Closer.End(connection, EndReason.IdleTimeout);

            world.AssertEmpty();
            var result = world.Recorder.Connections.Last();
            Assert.Equal((number, wire.Outgoing.Count, true), (result.Connection, result.BytesSent, wire.IsClosed));
            Assert.True(result.EndReason switch
            {
                EndReason.PeerReset => wire.IsReset,
                EndReason.PeerClosed => wire.HasEnded && !wire.IsReset,
                EndReason.IdleTimeout => cut,
                _ => result.Detail.StartsWith("As asked, ", StringComparison.Ordinal),
            });
            reasons.Add((result.EndReason, result.Detail.Contains("As asked, ", StringComparison.Ordinal)));
        }

        Assert.Equal(10_000, world.Recorder.Connections.Count);
        Assert.Equal(
            [(EndReason.PeerClosed, false), (EndReason.PeerReset, false), (EndReason.IdleTimeout, false), (EndReason.Faulted, true)],
            reasons.OrderBy(r => r.Reason));
    }

    [Fact]
    public void A_reset_that_only_the_FIN_of_a_half_close_notices_is_a_reset()
    {
        using var world = new World(() => _now);
        var (wire, connection) = world.Connect(1, _now, [EchoFault.HalfClose()]);
        wire.OnShutdown = () => wire.IsReset = true;
        wire.OnShutdownEnd = () => (wire.IsReset, wire.HasEnded) = (false, true); // the error was taken, so a read tells of FIN

        world.Advance(connection, _now);

        Assert.Equal(EndReason.PeerReset, Assert.Single(world.Recorder.Connections).EndReason);
        world.AssertEmpty();
    }

    [Fact]
    public void Small_replies_that_are_held_back_count_in_the_budget_with_the_memory_that_they_need()
    {
        using var world = new World(() => _now);
        var (wire, connection) = world.Connect(1, _now, [EchoFault.Delay(TimeSpan.FromHours(1))]);
        for (var i = 0; i < 10_000; i++)
        {
            wire.Receives("x");
            world.Advance(connection, _now);
        }

        Assert.InRange(connection.Held, 1, UnsentReplies.MaxReadSize / 50);
        world.Closer.End(connection, EndReason.IdleTimeout);
        world.AssertEmpty();
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

    // A loop without sockets.
    private sealed class World : IDisposable
    {
        private readonly FakePoller _poller = new();
        private readonly ConnectionTable _connections = new(2);
        private readonly ActivityOrder _activity = new();
        private readonly UnsentReplies _unsent = new(UnsentReplies.MaxReadSize);
        private readonly LoopCounters _counters = new ServerCounters().Loops[0];
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly Acceptor _acceptor;
        private readonly Answering _answering;
        private readonly FaultServices _services;

        public World(Func<long> clock)
        {
            _acceptor = new Acceptor([_listener], 1, new AcceptLimits(100, long.MaxValue), null, _poller, _counters.Server, Recorder);
            Closer = new ConnectionCloser(_poller, _connections, _activity, _unsent, _counters, Recorder, "127.0.0.1:2", _acceptor.ConnectionEnded);
            _answering = new Answering(_poller, null, _unsent, Closer, _counters, Recorder);
            _services = new FaultServices(_poller, Timers, _unsent, _counters, Recorder, clock);
        }

        public Timers Timers { get; } = new();

        public Recorder Recorder { get; } = new();

        public ConnectionCloser Closer { get; }

        public (FakeTransport Wire, ServedConnection Connection) Connect(int number, long now, EchoFault[] faults)
        {
            var (wire, token) = (new FakeTransport(), _connections.TakeToken());
            var plan = new FaultPlan(faults, number, number, now) { IsEstablished = true };
            var faulty = new FaultyTransport(wire, wire, null, plan, _services, token);
            var connection = new ServedConnection(token, faulty, number) { Faulty = faulty };
            _connections.Add(connection);
            _activity.Add(connection);
            _counters.Accepted();
            faulty.Begin(connection);
            return (wire, connection);
        }

        public bool Has(ServedConnection connection) => _connections[connection.Token] == connection;

        public void Advance(ServedConnection connection, long now)
        {
            Timers.TryTake(now, out _);
            _answering.Advance(connection);
        }

        public void AssertEmpty()
        {
            Assert.Equal((0, long.MaxValue, 0), (_connections.Count, Timers.Due, _counters.Active));
            Assert.Equal(UnsentReplies.MaxReadSize, _unsent.ReadSize);
        }

        public void Dispose()
        {
            _acceptor.Dispose();
            _listener.Dispose();
        }
    }
}
