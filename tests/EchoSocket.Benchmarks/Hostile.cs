using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Net.Sockets;
using System.Threading;

namespace EchoSocket.Benchmarks;

/// <summary>
/// The 99th percentile of a well-behaved client, alternately with and without a crowd of bad ones: 1,000 that are silent, 50
/// that send a byte per second, 10 that never read their replies, and others that reset in mid-message, ten times a second. Plain,
/// or over TLS.
/// </summary>
internal sealed class Hostile(bool tls)
{
    private const double MaxRatio = 3;
    private const double MaxGrowth = 16e6; // with the second half of the crowds: what one crowd had, the next one needs no more
    private const double MaxMemoryPlain = 16e6; // with the first crowd
    private const double MaxMemoryTls = MaxMemoryPlain + 43e6; // 40 MB for 1,000 connections
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);

    public int Run(int rounds)
    {
        var maxMemory = tls ? MaxMemoryTls : MaxMemoryPlain;
        Placement.RunOn(0);
        using var server = new ServerProcess(tls ? IdleConnections.Server : Servers.Ours);
        Placement.RunOn(1);
        Percentile(server.Port);
        var ratios = new List<double>();
        var memory = new List<long> { server.Memory };
        for (var round = 0; round < rounds; round++)
        {
            var alone = Percentile(server.Port);
            double among;
            using (new Crowd(server.Port, tls))
                among = Percentile(server.Port);
            memory.Add(server.Memory);
            ratios.Add(among / alone);
            Console.WriteLine($"99th percentile of a round trip: alone {alone,6:0} us, in the crowd {among,6:0} us");
        }

        var ratio = Statistics.Median(ratios);
        var (first, growth) = (memory[1] - memory[0], memory[rounds] - memory[rounds / 2]);
        var isBounded = first <= maxMemory && growth <= MaxGrowth;
        Console.WriteLine(
            $"memory grew by {first / 1e6:0.0} MB with the first crowd, {maxMemory / 1e6:0} at most, and by {growth / 1e6:0.0} MB with the second half of them, " +
            $"{MaxGrowth / 1e6:0} at most: {(isBounded ? "met" : "SHORT")}");
        return ratio <= MaxRatio && isBounded ? 0 : 1;
    }

    private double Percentile(int port)
    {
        using var client = EchoClient.Connect(
            new EchoClientOptions { Port = port, Tls = tls ? new EchoClientTls { SkipCertificateCheck = true } : null });
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
        private readonly List<Stream> _streams = [];
        private readonly bool _tls;
        private readonly CancellationTokenSource _end = new();
        private readonly Thread _thread;

        public Crowd(int port, bool tls)
        {
            _tls = tls;
            for (var i = 0; i < 1060; i++)
            {
                _sockets.Add(Load.Connect(port));
                _streams.Add(Open(_sockets[i]));
            }

            for (var i = 1050; i < 1060; i++)
            {
                _sockets[i].SendTimeout = 100;
                Fill(_streams[i]);
            }

            var slow = _streams[1000..1050];
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

        private static void Fill(Stream greedy)
        {
            try
            {
                for (var chunk = new byte[64 * 1024]; ;)
                    greedy.Write(chunk);
            }
            catch (IOException)
            {
                // full
            }
        }

        private Stream Open(Socket socket) => _tls ? IdleConnections.Secure(socket) : new NetworkStream(socket);

        // Fifty times a second one of the slow clients sends its byte, and ten times a second a new client resets.
        private void Disturb(int port, List<Stream> slow)
        {
            for (var tick = 0; !_end.Token.WaitHandle.WaitOne(20); tick++)
            {
                slow[tick % slow.Count].WriteByte((byte)'x');
                if (tick % 5 != 0)
                    continue;

                using var rude = Load.Connect(port);
                using var stream = Open(rude);
                stream.Write(new byte[1000]);
                rude.LingerState = new LingerOption(true, 0);
            }
        }
    }
}
