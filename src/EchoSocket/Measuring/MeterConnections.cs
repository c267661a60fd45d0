using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Transport;

namespace EchoSocket.Measuring;

/// <summary>
/// The connections of a measurement. The first finds the way, as every client does; the others go to the same address, a
/// few at a time, and all of them share one time limit. None outlives it.
/// </summary>
internal sealed class MeterConnections(EchoMeterOptions options) : IDisposable
{
    private const int MostAtOnce = 16;

    private readonly List<Socket> _sockets = [];
    private TimeSpan _time;

    public IReadOnlyList<Socket> Sockets => _sockets;

    public IPEndPoint? Remote { get; private set; }

    public TimeSpan? MeanTime => _sockets.Count == 0 ? null : TimeSpan.FromTicks(_time.Ticks / _sockets.Count);

    public void Open(FailureTally failures, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            var first = Connector.Connect(options.Host, options.Port, options.ConnectionTimeout, cancellation);
            Remote = first.Remote;
            Add(first.Socket!, first.Time);
            if (options.Connections > 1)
                OpenFurther(clock, failures, cancellation);
        }
        catch (EchoException e)
        {
            failures.Add(e);
        }
        catch (OperationCanceledException)
        {
            // There are as many as there are.
        }
    }

    /// <summary>Closes in order those that have not failed.</summary>
    public void Dispose()
    {
        foreach (var socket in _sockets)
            new BlockingTransport(socket).Dispose();
    }

    private void OpenFurther(Stopwatch clock, FailureTally failures, CancellationToken cancellation)
    {
        var endPoint = Connector.Display(options.Host, options.Port);
        Parallel.ForEach(CreateSockets(endPoint, failures), new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce }, socket =>
        {
            var left = options.ConnectionTimeout - clock.Elapsed;
            try
            {
                Add(Connector.Connect(socket, Remote!, left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellation, out var time), time);
            }
            catch (SocketException e)
            {
                failures.Add(Errors.Connect(endPoint, "", e));
            }
            catch (OperationCanceledException)
            {
                // So the others will end, too.
            }
        });
    }

    // On one thread, before any other runs: where there are not enough handles, some are free again at once.
    private List<Socket> CreateSockets(string endPoint, FailureTally failures)
    {
        var sockets = new List<Socket>();
        using var reserve = new HandleReserve();
        try
        {
            if (!reserve.TryFill())
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            while (sockets.Count < options.Connections - 1)
                sockets.Add(Connector.CreateSocket(Remote!));
        }
        catch (SocketException e)
        {
            failures.Add(Errors.Connect(endPoint, "", e));
        }

        return sockets;
    }

    private void Add(Socket socket, TimeSpan time)
    {
        lock (_sockets)
        {
            _sockets.Add(socket);
            _time += time;
        }
    }
}
