using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Benchmarks;

/// <summary>The load on a server.</summary>
internal sealed record Case(string Name, int Connections, int Size, int InFlight = 1, bool Churn = false, bool SameProcessor = false, double Goal = 0)
{
    /// <summary>Whether the rate is in bytes, as for bulk transfers, rather than in messages or connections.</summary>
    public bool InBytes => Size >= 64 * 1024;
}

/// <summary>
/// Keeps many connections busy from one thread, with the poller that the server uses: each reply is followed at once by the
/// next message.
/// </summary>
internal static class Load
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(200);

    private const int FirstToken = Poller.WakeToken + 1;

    /// <summary>Messages (or connections, or bytes) per second, as the upper quartile of windows of 50 ms.</summary>
    public static double Run(int port, Case load, TimeSpan duration, out long messages)
    {
        if (load.Churn)
            return Churn(port, load, duration, out messages);

        using var poller = Poller.Create();
        var clients = new List<ITransport>();
        try
        {
            var message = new byte[load.Size * load.InFlight];
            Array.Fill(message, (byte)'a');
            var buffer = new byte[256 * 1024];
            var received = new long[load.Connections];
            var owed = new int[load.Connections];
            for (var i = 0; i < load.Connections; i++)
            {
                clients.Add(poller.Adopt(Connect(port), FirstToken + i));
                owed[i] = message.Length;
            }

            for (var i = 0; i < load.Connections; i++)
                owed[i] -= Send(clients[i], message, owed[i]);

            var ready = new int[512];
            messages = 0;
            var windows = new Windows(WarmUp, duration);
            while (windows.Go(messages))
            {
                var count = poller.Wait(1000, ready);
                for (var r = 0; r < count; r++)
                {
                    var i = ready[r] - FirstToken;
                    var got = clients[i].Receive(buffer, 0, buffer.Length, out var error);
                    if (got == 0 && error == SocketError.WouldBlock)
                        continue;
                    if (got == 0)
                        throw new InvalidOperationException($"The server closed a connection ({error}).");

                    // Send a message for each reply that this read completed, and what the send buffer had no room for before.
                    var whole = (int)(((received[i] + got) / load.Size) - (received[i] / load.Size));
                    received[i] += got;
                    messages += load.InBytes ? got : whole;
                    owed[i] += whole * load.Size;
                    owed[i] -= Send(clients[i], message, owed[i]);
                }
            }

            return windows.UpperQuartile();
        }
        finally
        {
            clients.ForEach(c => c.Close());
        }
    }

    public static Socket Connect(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        return socket;
    }

    private static double Churn(int port, Case load, TimeSpan duration, out long connections)
    {
        var reply = new byte[load.Size];
        var message = new byte[load.Size];
        connections = 0;
        var windows = new Windows(WarmUp, duration);
        while (windows.Go(connections))
        {
            // In batches: the connections of a batch wait for the server together.
            var batch = new Socket[load.Connections];
            for (var i = 0; i < batch.Length; i++)
            {
                batch[i] = Connect(port);
                batch[i].Send(message);
            }

            foreach (var socket in batch)
            {
                for (var read = 0; read < reply.Length;)
                    read += socket.Receive(reply, read, reply.Length - read, SocketFlags.None);
                socket.Close();
                connections++;
            }
        }

        return windows.UpperQuartile();
    }

    private static int Send(ITransport client, byte[] message, int count)
    {
        if (count == 0)
            return 0;

        var sent = client.Send(message, 0, Math.Min(count, message.Length), out var error);
        return error == SocketError.Success
            ? sent
            : throw new InvalidOperationException($"The server does not take messages any more ({error}).");
    }

    /// <summary>Rates in short windows. A busy host takes the processor away in bursts, which would lower a mean over the whole time.</summary>
    private sealed class Windows(TimeSpan warmUp, TimeSpan duration)
    {
        private readonly List<double> _rates = [];
        private readonly long _start = Stopwatch.GetTimestamp();
        private long _windowStart;
        private long _windowCount;

        public bool Go(long count)
        {
            var now = Stopwatch.GetTimestamp();
            if (now - _start < warmUp.TotalSeconds * Stopwatch.Frequency)
                return true;
            if (_windowStart == 0)
                (_windowStart, _windowCount) = (now, count);

            var seconds = (now - _windowStart) / (double)Stopwatch.Frequency;
            if (seconds >= 0.05)
            {
                _rates.Add((count - _windowCount) / seconds);
                (_windowStart, _windowCount) = (now, count);
            }

            return now - _start < (warmUp + duration).TotalSeconds * Stopwatch.Frequency;
        }

        public double UpperQuartile()
        {
            _rates.Sort();
            return _rates[_rates.Count * 3 / 4];
        }
    }
}
