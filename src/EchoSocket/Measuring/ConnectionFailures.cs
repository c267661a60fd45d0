using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Polling;

namespace EchoSocket.Measuring;

/// <summary>Takes failed connections out of the measurement. What is outstanding on them is lost.</summary>
internal sealed class ConnectionFailures(EchoMeterOptions options, IPoller poller, MeterRun run, FailureTally tally)
{
    private readonly string _endPoint = Connector.Display(options.Host, options.Port);

    /// <summary>Fails a connection because of what a receive or a send reported; no error is the server's FIN.</summary>
    public void Fail(MeteredConnection connection, SocketError error) => Fail(
        connection,
        Errors.Exchange(
            _endPoint, (int)(connection.BytesReceived % options.MessageSize), options.MessageSize, error, options.OperationTimeout));

    /// <summary>Fails a connection because the next byte of its replies is wrong.</summary>
    public void FailMismatch(MeteredConnection connection)
    {
        var (size, position) = (options.MessageSize, connection.BytesReceived);
        Fail(connection, Errors.Mismatch(_endPoint, position % size, size, (position / size) + 1));
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
