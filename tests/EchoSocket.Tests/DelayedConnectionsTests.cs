using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Many connections whose replies are held back: on one thread, and without busy waiting.</summary>
public class DelayedConnectionsTests
{
    private const int Count = 1000;

    [Fact]
    public async Task A_thousand_delays_need_no_thread_each_and_no_busy_waiting()
    {
        CountingPoller? poller = null;
        var options = new EchoServerOptions
        {
            Port = 0, Backlog = 4096, Seed = 1, Poller = () => poller = new CountingPoller(Pollers.Epoll()),
            Faults = [EchoFault.Delay(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1))],
        };
        using (Pollers.Epoll())
        {
            // skips the test if this system has none
        }

        using var server = new TestServer(options, new Recorder(), one: false);
        var clients = new List<Socket>();
        var threads = Threads();
        for (var i = 0; i < Count; i++)
        {
            var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 };
            clients.Add(client);
            client.Connect(server.EndPoint);
            client.Send([(byte)'a']);
        }

        await Task.Run(() => Bounded.Until(() => server.Server.BytesReceived == Count), TestContext.Current.CancellationToken);
        var rounds = poller!.Rounds;
        Assert.InRange(Threads() - threads, int.MinValue, Count / 10); // other tests run at the same time
        await Task.Run(() => clients.ForEach(client => Assert.Equal(1, client.Receive(new byte[1]))), TestContext.Current.CancellationToken);

        // One round for each time at most, and the polls of the spin before a wait, which is bounded. Busy waiting would
        // take hundreds of thousands.
        Assert.InRange(poller.Rounds - rounds, 1, 10 * Count);
        clients.ForEach(client => client.Dispose());
        await server.Recorder.Ended(Count).Soon();
        Assert.All(server.Recorder.Connections, connection => Assert.Equal(EchoFaultKind.Delay, Assert.Single(connection.Faults).Kind));
    }

    private static int Threads()
    {
        using var process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }

    private sealed class CountingPoller(IPoller poller) : WrappedPoller(poller)
    {
        private int _rounds;

        public int Rounds => Volatile.Read(ref _rounds);

        public override int Wait(int milliseconds, int[] ready)
        {
            Interlocked.Increment(ref _rounds);
            return base.Wait(milliseconds, ready);
        }
    }
}
