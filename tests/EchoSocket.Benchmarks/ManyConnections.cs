using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Benchmarks;

/// <summary>
/// Connections one after another, every third of them reset: each is reported with the right reason, the totals are exact, and
/// no memory, handles or threads leak.
/// </summary>
internal static class ManyConnections
{
    private const int MessageSize = 5;
    private const long MaxGrowth = 1024 * 1024;

    public static int Run(int connections)
    {
        using var server = EchoServer.Listen(new EchoServerOptions { Port = 0, Backlog = 4096 });
        var ends = new Ends();
        var serving = Task.Factory.StartNew(() => server.ServeMany(ends), TaskCreationOptions.LongRunning);
        Open(server.LocalEndPoint.Port, 0, connections / 10);
        Ended(connections / 10);
        var before = Now();
        var clock = Stopwatch.StartNew();
        Open(server.LocalEndPoint.Port, connections / 10, connections);
        Console.WriteLine($"{connections - (connections / 10):N0} connections in {clock.Elapsed.TotalSeconds:0.0} s");
        Ended(connections);
        var after = Now(); // while it still serves, because its end would free what it leaked
        server.Stop();
        serving.Wait();

        var resets = (connections + 2) / 3;
        var exact = server.TotalConnections == connections && server.ActiveConnections == 0
            && server.BytesReceived == (long)connections * MessageSize && server.BytesSent == server.BytesReceived
            && ends.Count(EndReason.PeerReset) == resets && ends.Count(EndReason.PeerClosed) == connections - resets;
        var flat = after.Memory - before.Memory <= MaxGrowth && after.Handles <= before.Handles + 5 && after.Threads <= before.Threads + 5;
        Console.WriteLine($"closed {ends.Count(EndReason.PeerClosed):N0}, reset {ends.Count(EndReason.PeerReset):N0}, of {server.TotalConnections:N0}; bytes {server.BytesReceived:N0} in, {server.BytesSent:N0} out: {(exact ? "exact" : "WRONG")}");
        Console.WriteLine($"memory {(after.Memory - before.Memory) / 1024:N0} KiB, handles {after.Handles - before.Handles}, threads {after.Threads - before.Threads} more: {(flat ? "flat" : "GROWING")}");
        return exact && flat ? 0 : 1;

        void Ended(int count)
        {
            if (!SpinWait.SpinUntil(() => server.TotalConnections == count && server.ActiveConnections == 0, TimeSpan.FromSeconds(30)))
                throw new TimeoutException($"Of {count:N0} connections {server.TotalConnections:N0} came and {server.ActiveConnections:N0} are left.");
        }
    }

    private static void Open(int port, int from, int to)
    {
        var buffer = new byte[MessageSize];
        for (var i = from; i < to; i++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

            // Uses many addresses, because TIME-WAIT would exhaust the ports of one.
            if (OperatingSystem.IsLinux())
                socket.Bind(new IPEndPoint(new IPAddress([127, 0, 1, (byte)(1 + (i % 200))]), 0));
            socket.Connect(IPAddress.Loopback, port);
            socket.Send(buffer);
            for (var read = 0; read < MessageSize;)
                read += socket.Receive(buffer);
            if (i % 3 == 0)
                socket.LingerState = new LingerOption(true, 0);
        }
    }

    private static (long Memory, int Handles, int Threads) Now()
    {
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        using var self = Process.GetCurrentProcess();
        return (memory, OperatingSystem.IsLinux() ? Directory.GetFiles("/proc/self/fd").Length : self.HandleCount, self.Threads.Count);
    }

    private sealed class Ends : IEchoObserver
    {
        private readonly Dictionary<EndReason, int> _counts = [];

        public bool ObservesReceived => false;

        public bool IsFull => false;

        public int Count(EndReason reason) => _counts.GetValueOrDefault(reason);

        public void Connected(IPEndPoint remote)
        {
        }

        public void Refused(IPEndPoint remote)
        {
        }

        public void Received(IPEndPoint remote, byte[] buffer, int count)
        {
        }

        public void Injected(IPEndPoint remote, InjectedFault fault)
        {
        }

        public void Ended(IPEndPoint remote, ConnectionResult connection) => _counts[connection.EndReason] = Count(connection.EndReason) + 1;

        public void Warned(string message)
        {
        }
    }
}
