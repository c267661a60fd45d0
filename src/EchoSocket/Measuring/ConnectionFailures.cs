using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Polling;

namespace EchoSocket.Measuring;

/// <summary>
/// Takes failed connections out of a measurement, among them those with a late reply. What is outstanding on them is lost.
/// </summary>
internal sealed class ConnectionFailures(EchoMeterOptions options, IPoller poller, MeterRun run, FailureTally tally)
{
    private readonly string _endPoint = Connector.Display(options.Host, options.Port);
    private readonly long _timeout = Clock.Ticks(options.OperationTimeout);

    // A lost message is found at most a twentieth of its time too late.
    private readonly long _checkInterval = Math.Min(Clock.Ticks(options.OperationTimeout) / 20, Stopwatch.Frequency / 4);

    /// <summary>When to look for late replies next, in stopwatch ticks.</summary>
    public long NextCheck { get; private set; }

    /// <summary>The oldest outstanding message of a connection has been outstanding for too long.</summary>
    public bool IsLate(MeteredConnection connection, long now) => connection.Outstanding > 0 && now - connection.OldestSent > _timeout;

    /// <summary>Fails the connections with a late reply, if it is time to look for them.</summary>
    public void FailLate(IReadOnlyList<MeteredConnection> connections, long now)
    {
        if (now < NextCheck)
            return;

        NextCheck = now + _checkInterval;
        foreach (var connection in connections)
        {
            if (!connection.Failed && IsLate(connection, now))
                Fail(connection, SocketError.TimedOut);
        }
    }

    /// <summary>Fails a connection because of what a receive or a send reported; no error is the server's FIN.</summary>
    public void Fail(MeteredConnection connection, SocketError error) => Fail(
        connection,
        Errors.Exchange(
            _endPoint, (int)(connection.BytesReceived % options.MessageSize), options.MessageSize, error, options.OperationTimeout));

    /// <summary>Fails a connection because the next byte of its replies is wrong.</summary>
    public void FailMismatch(MeteredConnection connection, string shown)
    {
        var (size, position) = (options.MessageSize, connection.BytesReceived);
        Fail(connection, Errors.Mismatch(_endPoint, position % size, size, (position / size) + 1, shown));
    }

    private void Fail(MeteredConnection connection, EchoException failure)
    {
        // When all is sent and answered, the server may close.
        if (connection.Outstanding > 0 || !run.Pace.IsOver)
            tally.Add(failure);

        connection.Failed = true;
        run.Failed(connection.Outstanding);
        poller.Unregister(connection.Token);
        connection.Transport.Shutdown();
        connection.Transport.Close();
    }
}
