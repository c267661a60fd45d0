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
        var due = Stopwatch.GetTimestamp() + Clock.Ticks(options.ConnectionTimeout);
        try
        {
            var first = Connector.Connect(options, cancellation);
            Remote = first.Remote;
            Add(first);
            if (options.Connections > 1)
                OpenFurther(first.Remote, due, failures, cancellation);
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

    private void OpenFurther(IPEndPoint remote, long due, FailureTally failures, CancellationToken cancellation)
    {
        var endPoint = Connector.Display(options.Host, options.Port);
        Parallel.ForEach(CreateSockets(remote, endPoint, failures), new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce }, socket =>
        {
            var attempt = ConnectAttempt.Run(remote, due, cancellation, socket);
            if (attempt.Connected is { } connection)
                Add(connection);
            else if (attempt.Failure is { } failure)
                failures.Add(Errors.Connect(endPoint, "", failure, options.ConnectionTimeout));
        });
    }

    // On one thread, before any other runs: where there are not enough handles, some are free again at once.
    private List<Socket> CreateSockets(IPEndPoint remote, string endPoint, FailureTally failures)
    {
        var sockets = new List<Socket>();
        using var reserve = new HandleReserve();
        try
        {
            if (!reserve.TryFill())
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            while (sockets.Count < options.Connections - 1)
                sockets.Add(ConnectAttempt.CreateSocket(remote));
        }
        catch (SocketException e)
        {
            failures.Add(Errors.Connect(endPoint, "", e, options.ConnectionTimeout));
        }

        return sockets;
    }

    private void Add(ConnectedSocket connection)
    {
        lock (_sockets)
        {
            _sockets.Add(connection.Socket);
            _time += connection.ConnectTime;
        }
    }
}
