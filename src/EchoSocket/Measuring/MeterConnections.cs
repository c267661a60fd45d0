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
/// The connections of a measurement. The first is opened as every client does it, with name resolution and a race of the
/// addresses. The others go to the address that won, a few at a time. All share one time limit, and are closed with this object.
/// </summary>
internal sealed class MeterConnections(EchoMeterOptions options) : IDisposable
{
    private const int MaxConcurrentConnects = 16;

    private readonly List<Socket> _sockets = [];
    private TimeSpan _time;

    public IReadOnlyList<Socket> Sockets => _sockets;

    /// <summary>When the time limit ends, in stopwatch ticks. It begins when this object is created.</summary>
    public long Due { get; } = Stopwatch.GetTimestamp() + Clock.Ticks(options.ConnectionTimeout);

    public IPEndPoint? Remote { get; private set; }

    public TimeSpan? MeanTime => _sockets.Count == 0 ? null : TimeSpan.FromTicks(_time.Ticks / _sockets.Count);

    public void Open(FailureTally failures, CancellationToken cancellation)
    {
        try
        {
            var first = Connector.Connect(options, cancellation);
            Remote = first.Remote;
            Add(first);
            if (options.Connections > 1)
                OpenFurther(first.Remote, failures, cancellation);
        }
        catch (EchoException e)
        {
            failures.Add(e);
        }
        catch (OperationCanceledException)
        {
            // Measure over the connections opened so far.
        }
    }

    /// <summary>Closes the connections that have not failed, with FIN.</summary>
    public void Dispose()
    {
        foreach (var socket in _sockets)
            new BlockingTransport(socket).Dispose();
    }

    private void OpenFurther(IPEndPoint remote, FailureTally failures, CancellationToken cancellation)
    {
        var endPoint = Connector.Display(options.Host, options.Port);
        Parallel.ForEach(CreateSockets(remote, endPoint, failures), new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrentConnects }, socket =>
        {
            var attempt = ConnectAttempt.Run(remote, Due, cancellation, socket, options.Prepare);
            if (attempt.Connected is { } connection)
                Add(connection);
            else if (attempt.Failure is { } failure)
                failures.Add(Errors.Connect(endPoint, "", failure, options.ConnectionTimeout, options.SourceAddress, options.SourcePort));
        });
    }

    // Creates all sockets first, on one thread: if handles run out, the reserve is free again before the connects start.
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
