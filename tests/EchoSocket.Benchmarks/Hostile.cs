using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading;

namespace EchoSocket.Benchmarks;

/// <summary>
/// The 99th percentile of a well-behaved client, alternately with and without a crowd of bad ones: 1,000 that are silent, 50
/// that send a byte per second, 10 that never read their replies, and others that reset in mid-message, ten times a second.
/// </summary>
internal static class Hostile
{
    private const double MaxRatio = 3;
    private const double MaxMemory = 16e6;
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);

    public static int Run(int rounds)
    {
        Placement.RunOn(0);
        using var server = new ServerProcess(Servers.Ours);
        Placement.RunOn(1);
        Percentile(server.Port);
        var before = server.Memory;
        var ratios = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var alone = Percentile(server.Port);
            double among;
            using (new Crowd(server.Port))
                among = Percentile(server.Port);
            ratios.Add(among / alone);
            Console.WriteLine($"99th percentile of a round trip: alone {alone,6:0} us, in the crowd {among,6:0} us");
        }

        var ratio = Statistics.Median(ratios);
        var memory = server.Memory - before;
        Console.WriteLine($"ratio {Statistics.Summary(ratios)}, {MaxRatio:0} at most: {(ratio <= MaxRatio ? "met" : "SHORT")}");
        Console.WriteLine($"memory grew by {memory / 1e6:0.0} MB, {MaxMemory / 1e6:0} at most: {(memory <= MaxMemory ? "met" : "SHORT")}");
        return ratio <= MaxRatio && memory <= MaxMemory ? 0 : 1;
    }

    private static double Percentile(int port)
    {
        using var client = EchoClient.Connect(new EchoClientOptions { Port = port });
        var reply = new byte[Messages.Bytes.Length];
        var times = new List<double>();
        for (var end = Messages.After(Turn); Stopwatch.GetTimestamp() < end;)
            times.Add(client.Exchange(Messages.Bytes, Messages.Bytes.Length, reply).TotalMicroseconds);
        times.Sort();
        return times[times.Count * 99 / 100];
    }

    private sealed class Crowd : IDisposable
    {
        private readonly List<Socket> _sockets = [];
        private readonly CancellationTokenSource _end = new();
        private readonly Thread _thread;

        public Crowd(int port)
        {
            for (var i = 0; i < 1060; i++)
                _sockets.Add(Load.Connect(port));
            foreach (var greedy in _sockets[^10..])
            {
                greedy.Blocking = false;
                Fill(greedy);
            }

            var slow = _sockets[1000..1050];
            _thread = new Thread(() => Disturb(port, slow));
            _thread.Start();
        }

        public void Dispose()
        {
            _end.Cancel();
            _thread.Join();
            _sockets.ForEach(s => s.Dispose());
            _end.Dispose();
        }

        private static void Fill(Socket greedy)
        {
            var chunk = new byte[64 * 1024];
            SocketError error;
            do
            {
                greedy.Send(chunk, 0, chunk.Length, SocketFlags.None, out error);
            }
            while (error == SocketError.Success);
        }

        // Fifty times a second one of the slow clients sends its byte, and ten times a second a new client resets.
        private void Disturb(int port, List<Socket> slow)
        {
            for (var tick = 0; !_end.Token.WaitHandle.WaitOne(20); tick++)
            {
                slow[tick % slow.Count].Send([(byte)'x']);
                if (tick % 5 != 0)
                    continue;

                using var rude = Load.Connect(port);
                rude.Send(new byte[1000]);
                rude.LingerState = new LingerOption(true, 0);
            }
        }
    }
}
