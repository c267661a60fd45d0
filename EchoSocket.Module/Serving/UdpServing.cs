using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;

namespace EchoSocket;

/// <summary>Serves UDP messages, and writes a summary when it ends. Thread-safe.</summary>
internal sealed class UdpServing(EchoUdpServer server) : IServing
{
    public EchoUdpServer Server => server;

    public IReadOnlyList<IPEndPoint> LocalEndPoints => server.LocalEndPoints;

    public void Serve(IServerOutput output, bool verbose)
    {
        var (time, clock) = (DateTime.UtcNow, Stopwatch.StartNew());
        try
        {
            server.Serve(verbose ? new UdpObserver(output) : null);
        }
        finally
        {
            output.WriteResult(Summary(time, clock.Elapsed));
        }
    }

    public void Stop() => server.Stop();

    private EchoUdpSummary Summary(DateTime time, TimeSpan duration) => new([.. server.Peers])
    {
        Time = time,
        LocalEndPoints = new ResultList(server.LocalEndPoints.Select(e => e.ToString())),
        DurationMilliseconds = Milliseconds.From(duration),
        MessagesReceived = server.MessagesReceived,
        MessagesSent = server.MessagesSent,
        BytesReceived = server.BytesReceived,
        BytesSent = server.BytesSent,
        RefusedMessages = server.RefusedMessages,
        UnsentReplies = server.UnsentReplies,
        ForgottenPeers = server.ForgottenPeers,
    };
}
