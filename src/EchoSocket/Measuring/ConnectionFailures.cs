using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Polling;

namespace EchoSocket.Measuring;

/// <summary>
/// Removes failed connections from a measurement, including those whose reply is late. Their outstanding messages are lost.
/// </summary>
internal sealed class ConnectionFailures(EchoMeterOptions options, IPoller poller, MeterRun run, FailureTally tally)
{
    private readonly string _endPoint = Connector.Display(options.Host, options.Port);
    private readonly long _timeout = Clock.Ticks(options.OperationTimeout);

    // A late reply is found at most a twentieth of the time-out, and at most 250 ms, after it is due.
    private readonly long _checkInterval = Math.Min(Clock.Ticks(options.OperationTimeout) / 20, Stopwatch.Frequency / 4);

    /// <summary>When to check for late replies next, in stopwatch ticks.</summary>
    public long NextCheck { get; private set; }

    /// <summary>Whether the reply to the oldest outstanding message of a connection is late.</summary>
    public bool IsLate(MeteredConnection connection, long now) => connection.Outstanding > 0 && now - connection.OldestSent > _timeout;

    /// <summary>Fails the connections whose reply is late, if the next check is due.</summary>
    public void FailLate(IReadOnlyList<MeteredConnection> connections, long now)
    {
        if (now < NextCheck)
            return;

        NextCheck = now + _checkInterval;
        foreach (var connection in connections)
        {
            if (!connection.Failed && IsLate(connection, now))
                FailLate(connection);
        }
    }

    /// <summary>Removes a connection because a reply is late.</summary>
    public void FailLate(MeteredConnection connection) => FailExchange(connection, SocketError.TimedOut);

    /// <summary>
    /// Removes a connection after a receive or send failed. <see cref="SocketError.Success"/> stands for the server's FIN. Once
    /// all messages are sent and answered, the server may close, and that is no failure.
    /// </summary>
    public void Fail(MeteredConnection connection, SocketError error) =>
        FailExchange(connection, error == SocketError.TimedOut ? SocketError.NetworkReset : error); // the system's own time-out

    /// <summary>Removes a connection because its TLS handshake failed, or was not complete in time.</summary>
    public void FailHandshake(MeteredConnection connection, SocketError error)
    {
        tally.Add(error == SocketError.TimedOut
            ? Errors.TlsTimeout(_endPoint, options.ConnectionTimeout)
            : Errors.Tls(_endPoint, connection.Transport.Problem));
        Remove(connection);
    }

    /// <summary>Fails a connection because the next byte of its replies is wrong, or is one too many.</summary>
    public void FailMismatch(MeteredConnection connection, string shown)
    {
        var (size, position) = (options.MessageSize, connection.BytesReceived);
        tally.Add(connection.Outstanding == 0
            ? Errors.Excess(_endPoint, position / size, shown)
            : Errors.Mismatch(_endPoint, position % size, size, (position / size) + 1, shown, TlsHint.AfterReply(options.Tls is not null, position, shown)));
        Remove(connection);
    }

    private void FailExchange(MeteredConnection connection, SocketError error)
    {
        var size = options.MessageSize;
        if (connection.Outstanding > 0 || !run.Pace.IsOver)
        {
            tally.Add(Errors.Exchange(
                _endPoint, (int)(connection.BytesReceived % size), size, error, options.OperationTimeout, connection.Transport.Problem,
                TlsHint.AfterEnd(options.Tls is not null, connection.BytesReceived, error)));
        }

        Remove(connection);
    }

    private void Remove(MeteredConnection connection)
    {
        connection.Failed = true;
        run.Failed(connection.Outstanding);
        poller.Unregister(connection.Token);
        connection.Transport.Shutdown();
        connection.Transport.Close();
    }
}
