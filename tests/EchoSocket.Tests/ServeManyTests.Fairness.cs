using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Polling;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

// Fairness among connected clients, and between them and new ones.
public abstract partial class ServeManyTests
{
    [Theory]
    [InlineData(int.MaxValue, 8)]
    [InlineData(98, 2)]
    public async Task Several_new_clients_are_accepted_in_each_round_of_many_others(int maxConnections, int served)
    {
        Assert.SkipWhen(Tls, "a handshake needs several rounds");
        Assert.SkipWhen(Threads > 1, "only one of several loops is held");
        HeldPoller poller = null!;
        using var server = Start(o => (o.Poller, o.MaxConnections) = (() => poller = new HeldPoller(Create()), maxConnections));
        var clients = Enumerable.Range(0, 96).Select(_ => Call(server)).ToList();
        clients.ForEach(c => c.Send("a"u8));
        clients.ForEach(c => c.ReadExactly(1));

        // While the server is held between two rounds, every client sends, and new ones connect.
        poller.Hold();
        clients[0].Send("b"u8); // wakes the server if it already waits
        await poller.Held.Soon();
        clients.AddRange(Enumerable.Range(0, 8).Select(_ => Call(server)));
        clients.ForEach(c => c.Send("a"u8));
        poller.Release();

        Assert.Equal("B"u8, clients[0].ReadExactly(1));
        clients.Take(96 + served).ToList().ForEach(c => Assert.Equal("A"u8, c.ReadExactly(1)));
        Assert.InRange(poller.MaxAcceptsPerRound, 2, 8);
        Assert.Equal(96 + served, server.Recorder.MaxActiveConnections);
        clients.ForEach(c => c.Dispose());
    }

    [Fact]
    public async Task A_client_that_sends_without_end_gets_one_turn_a_round()
    {
        CountingPoller poller = null!;
        using var server = Start(o => o.Poller = () => poller = new CountingPoller(Create()));
        using var flooder = Call(server);
        var reading = Bounded.Start(() => flooder.ReadExactly(64 * 1024 * 1024));
        var flooding = Bounded.Start(() => flooder.Send(new byte[64 * 1024 * 1024]));

        using var client = Client(server);
        for (var i = 0; i < 100; i++)
            Assert.Equal("X", Exchange(client, "x"));
        await flooding.Soon();
        await reading.Soon();

        // A server that is stopping reads more often. A TLS handshake that another thread completes is reported by itself, and the
        // socket may be ready in the same round.
        Assert.InRange(poller.MaxReadsPerClientPerRound, 1, Tls ? 2 : 1);
    }

    /// <summary>Counts the reads from each client between two waits.</summary>
    private sealed class CountingPoller(IPoller poller) : WrappedPoller(poller)
    {
        private readonly Dictionary<int, int> _reads = [];

        public int MaxReadsPerClientPerRound { get; private set; }

        public override int Wait(int milliseconds, int[] ready)
        {
            _reads.Clear();
            return base.Wait(milliseconds, ready);
        }

        protected override int Receive(int token, ITransport transport, byte[] buffer, int offset, int count, out SocketError error)
        {
            _reads[token] = _reads.GetValueOrDefault(token) + 1;
            MaxReadsPerClientPerRound = Math.Max(MaxReadsPerClientPerRound, _reads[token]);
            return base.Receive(token, transport, buffer, offset, count, out error);
        }
    }

    /// <summary>Can be held before a wait, and counts the clients accepted between two waits.</summary>
    private sealed class HeldPoller(IPoller poller) : WrappedPoller(poller)
    {
        private readonly ManualResetEventSlim _gate = new(initialState: true);
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _clients;

        public Task Held => _held.Task;

        public int MaxAcceptsPerRound { get; private set; }

        public void Hold()
        {
            MaxAcceptsPerRound = 0;
            _gate.Reset();
        }

        public void Release() => _gate.Set();

        public override ITransport? Accept(int listener, out SocketError error)
        {
            var client = base.Accept(listener, out error);
            if (client is not null)
                MaxAcceptsPerRound = Math.Max(MaxAcceptsPerRound, ++_clients);
            return client;
        }

        public override int Wait(int milliseconds, int[] ready)
        {
            if (!_gate.IsSet)
            {
                _held.TrySetResult();
                Assert.True(_gate.Wait(Bounded.Limit));
            }

            _clients = 0;
            return base.Wait(milliseconds, ready);
        }
    }
}
