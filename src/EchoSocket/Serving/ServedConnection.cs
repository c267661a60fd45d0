using System;
using System.Diagnostics;
using System.Net;
using EchoSocket.Common;

namespace EchoSocket.Serving;

/// <summary>What the event loop knows of one client. Its buffer exists only while the client does not read.</summary>
internal sealed class ServedConnection
{
    private readonly DateTime _startTime = DateTime.Now;
    private readonly long _start = Stopwatch.GetTimestamp();

    public ServedConnection(int token, IPEndPoint remote)
    {
        Token = token;
        Remote = remote;
        LastActivity = _start;
    }

    /// <summary>What the poller knows it by.</summary>
    public int Token { get; }

    public IPEndPoint Remote { get; }

    public long BytesReceived { get; set; }

    public long BytesSent { get; set; }

    /// <summary>A reply that there was no room for yet, from <see cref="Sent"/> to <see cref="Length"/>.</summary>
    public byte[]? Unsent { get; set; }

    public int Sent { get; set; }

    public int Length { get; set; }

    /// <summary>The server was stopped: the client has all its replies and our FIN, and only its own is awaited.</summary>
    public bool Leaving { get; set; }

    /// <summary>In ticks of the stopwatch.</summary>
    public long LastActivity { get; set; }

    /// <summary>The neighbours in the order of their last activity, kept by <see cref="ActivityOrder"/>.</summary>
    public ServedConnection? Earlier { get; set; }

    public ServedConnection? Later { get; set; }

    public EchoConnection Result(string local, EndReason reason, string detail) => new()
    {
        LocalEndPoint = local,
        RemoteEndPoint = Remote.ToString(),
        StartTime = _startTime,
        Duration = Clock.Since(_start),
        BytesReceived = BytesReceived,
        BytesSent = BytesSent,
        EndReason = reason,
        Detail = detail,
    };
}
