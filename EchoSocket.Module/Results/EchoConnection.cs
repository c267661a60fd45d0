using System;
using System.Linq;

namespace EchoSocket;

/// <summary>How a client's connection ended. A busy server creates many, so each is only a reference to the core's result.</summary>
public sealed class EchoConnection(ConnectionResult result) : IServerResult
{
    /// <summary>When the connection was accepted, in UTC.</summary>
    public DateTime Time => result.StartTime;

    /// <summary>Which of the server's connections it was, from 1.</summary>
    public long Connection => result.Connection;

    public string LocalEndPoint => result.LocalEndPoint;

    public string RemoteEndPoint => result.RemoteEndPoint;

    public double DurationMilliseconds => Milliseconds.From(result.Duration);

    public long BytesReceived => result.BytesReceived;

    public long BytesSent => result.BytesSent;

    public string EndReason => result.EndReason.ToString();

    public string Detail => result.Detail;

    /// <summary>What the server did on purpose, in the order of the first time: the names of <see cref="EchoFaultKind"/>.</summary>
    public ResultList FaultKinds => new(result.Faults.Select(f => f.Kind.ToString()));

    /// <summary>How many bytes of replies had been sent by then.</summary>
    public ResultList FaultAtBytes => new(result.Faults.Select(f => f.AtByte));

    /// <summary>How long after the accept that was.</summary>
    public ResultList FaultMilliseconds => new(result.Faults.Select(f => Milliseconds.From(f.Time)));

    /// <summary>How often each was done.</summary>
    public ResultList FaultCounts => new(result.Faults.Select(f => f.Count));

    /// <summary>The first bytes that the client sent, as hexadecimal digits. (The types file adds them as an array of bytes.)</summary>
    public string ReceivedHex => Hexadecimal.From(result.ReceivedBytes);

    string IServerResult.Kind => EndReason;

    string IServerResult.Sentence =>
        $"{RemoteEndPoint} ended after {StatisticsText.Duration(DurationMilliseconds)}: " +
        $"{EndReason}{(Detail.Length > 0 ? $" ({Detail})" : "")}; " +
        $"received {StatisticsText.Bytes(BytesReceived)}, sent {StatisticsText.Bytes(BytesSent)}.";
}
