using System;
using System.Diagnostics;
using System.Net;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>What the event loop knows about one client.</summary>
internal sealed class ServedConnection
{
    private readonly DateTime _startTime = DateTime.UtcNow;
    private readonly long _start;

    /// <param name="token">Identifies the connection to the poller.</param>
    /// <param name="transport">What moves its bytes.</param>
    /// <param name="number">Which of the server's connections it is, from 1.</param>
    /// <param name="start">When it was accepted, in stopwatch ticks; null: now.</param>
    public ServedConnection(int token, ITransport transport, long number = 1, long? start = null)
    {
        _start = start ?? Stopwatch.GetTimestamp();
        Number = number;
        Token = token;
        Transport = transport;
        Remote = transport.RemoteEndPoint;
        LastActivity = _start;
    }

    /// <summary>Which of the server's connections it is, from 1.</summary>
    public long Number { get; }

    /// <summary>Identifies the connection to the poller.</summary>
    public int Token { get; }

    public ITransport Transport { get; }

    /// <summary>What injects faults into it; null if nothing does.</summary>
    public FaultyTransport? Faulty { get; set; }

    /// <summary>What keeps its first bytes; null if nothing does.</summary>
    public RecordingTransport? Recording { get; set; }

    public IPEndPoint Remote { get; }

    public long BytesReceived { get; set; }

    public long BytesSent { get; set; }

    /// <summary>Bytes read and discarded, or never read, because the connection was ending.</summary>
    public long Discarded { get; set; }

    /// <summary>A reply that the send buffer had no room for. The bytes from <see cref="Sent"/> to <see cref="Length"/> are still to be sent.</summary>
    public byte[]? Unsent { get; set; }

    public int Sent { get; set; }

    public int Length { get; set; }

    /// <summary>True while the transport waits for room in the send buffer, for bytes of its own.</summary>
    public bool WatchedForSending { get; set; }

    /// <summary>Bytes from the client that stay unanswered if the connection ends now.</summary>
    public long Unanswered => Discarded + Length - Sent;

    /// <summary>A reply, or a part of one, is still to be sent.</summary>
    public bool HasUnsent => Unsent is not null || Held > 0;

    /// <summary>Bytes of replies that a fault holds back.</summary>
    public int Held => Faulty?.Held ?? 0;

    /// <summary>While the server stops: since when there was nothing to read, in stopwatch ticks; 0 while there may be something.</summary>
    public long QuietSince { get; set; }

    /// <summary>True once FIN was sent after the last reply, so that only the client's FIN is awaited.</summary>
    public bool Closing { get; set; }

    /// <summary>When a byte last moved, in stopwatch ticks.</summary>
    public long LastActivity { get; set; }

    /// <summary>The neighbours in the order of their last activity, kept by <see cref="ActivityOrder"/>.</summary>
    public ServedConnection? Earlier { get; set; }

    public ServedConnection? Later { get; set; }

    public ConnectionResult Result(string local, EndReason reason, string detail) => new()
    {
        Connection = Number,
        LocalEndPoint = local,
        RemoteEndPoint = Remote.ToString(),
        StartTime = _startTime,
        Duration = Clock.Since(_start),
        BytesReceived = BytesReceived,
        BytesSent = BytesSent,
        EndReason = reason,
        Detail = detail,
        Faults = Faulty?.Injected ?? [],
        ReceivedBytes = Recording?.Received ?? [],
    };
}
