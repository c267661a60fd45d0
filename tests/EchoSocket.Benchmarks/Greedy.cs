using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Sockets;

namespace EchoSocket.Benchmarks;

/// <summary>
/// A crowd of clients that send and never read. What the server keeps for them must stay within its budget, and a client
/// that does read must still be served.
/// </summary>
internal static class Greedy
{
    // The budget for unsent replies and the buffers of the event loop; and for each client one small read and its objects.
    private const double MaxMemory = 64e6 + 16e6;
    private const double MaxMemoryPerClient = 8e3;
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(5);

    public static int Run(int clients)
    {
        using var server = new ServerProcess(Servers.Ours);
        var greedy = new List<Socket>();
        try
        {
            using var good = EchoClient.Connect(new EchoClientOptions { Port = server.Port });
            var reply = new byte[Messages.Bytes.Length];
            good.Exchange(Messages.Bytes, Messages.Bytes.Length, reply);
            var (before, chunk) = (server.Memory, new byte[64 * 1024]);
            for (var i = 0; i < clients; i++)
            {
                greedy.Add(Load.Connect(server.Port));
                greedy[i].Blocking = false;
            }

            var (sent, exchanges, slowest) = (0L, 0, TimeSpan.Zero);
            for (var end = Messages.After(Turn); Stopwatch.GetTimestamp() < end;)
            {
                foreach (var client in greedy)
                    sent += client.Send(chunk, 0, chunk.Length, SocketFlags.None, out _);
                var time = good.Exchange(Messages.Bytes, Messages.Bytes.Length, reply);
                (exchanges, slowest) = (exchanges + 1, time > slowest ? time : slowest);
            }

            var memory = server.Memory - before;
            var allowed = MaxMemory + (clients * MaxMemoryPerClient);
            Console.WriteLine($"{clients:N0} clients that never read sent {sent / 1e6:N0} MB");
            Console.WriteLine($"a client that reads: {exchanges:N0} round trips, the slowest {slowest.TotalMilliseconds:N1} ms");
            Console.WriteLine($"memory grew by {memory / 1e6:N0} MB, {allowed / 1e6:N0} at most: {(memory <= allowed ? "met" : "SHORT")}");
            return memory <= allowed ? 0 : 1;
        }
        finally
        {
            greedy.ForEach(c => c.Dispose());
        }
    }
}
