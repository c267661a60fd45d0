using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Tests;

/// <summary>A relay to a server. It holds back all bytes for the same time, half of it in each direction, as a long path does.</summary>
internal sealed class LongPath : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeSpan _delay;

    public LongPath(IPEndPoint server, TimeSpan roundTrip)
    {
        _delay = roundTrip / 2;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Done = Bounded.Start(() =>
        {
            using var client = _listener.Accept();
            Peers.SetTimeouts(client);
            using var target = Peers.Call(server);
            client.NoDelay = target.NoDelay = true;
            Task.WaitAll([.. Relay(client, target), .. Relay(target, client)]);
        });
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Both ends have closed the connection.</summary>
    public Task Done { get; }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        ((IAsyncResult)Done).AsyncWaitHandle.WaitOne(Bounded.Limit);
        _stop.Dispose();
    }

    private Task[] Relay(Socket from, Socket to)
    {
        var onTheWay = new BlockingCollection<(long Sent, byte[] Bytes)>();
        var receiving = Bounded.Start(() =>
        {
            var buffer = new byte[64 * 1024];
            int count;
            while ((count = from.Receive(buffer)) > 0)
                onTheWay.Add((Stopwatch.GetTimestamp(), buffer[..count]));
            onTheWay.CompleteAdding();
        });
        var sending = Bounded.Start(() =>
        {
            foreach (var (sent, bytes) in onTheWay.GetConsumingEnumerable(_stop.Token))
            {
                if (_delay - Stopwatch.GetElapsedTime(sent) is var left && left > TimeSpan.Zero)
                    _stop.Token.WaitHandle.WaitOne(left);
                to.Send(bytes);
            }

            to.Shutdown(SocketShutdown.Send);
        });
        return [receiving, sending];
    }
}
