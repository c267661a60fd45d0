using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Connecting;

namespace EchoSocket.Watching;

/// <summary>
/// Probes over TCP or TLS: with one connection until it fails, or with one for each probe. A connection that ended since the
/// last probe makes the next one fail, so that no break is hidden.
/// </summary>
internal sealed class ConnectionProber(EchoClientOptions target, bool reconnect, CancellationToken cancellation) : IProber
{
    private ProbedConnection? _connection;

    public PathReport Probe(long due)
    {
        var report = new PathReport();
        try
        {
            var isOpen = _connection is null
                ? (_connection = ProbedConnection.Open(target, report, due, cancellation)) is not null
                : _connection.CheckIdle(report);
            if (isOpen)
                _connection!.Echo(report, due);
        }
        catch (SocketException e)
        {
            // For instance, this computer has no more file handles.
            (report.Success, report.FailedStage, report.Reason) = (false, EchoPathStage.Connect, SocketErrors.Describe(e.SocketErrorCode));
        }

        if (reconnect || !report.Success)
            Dispose();
        cancellation.ThrowIfCancellationRequested();
        return report;
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _connection = null;
    }
}
