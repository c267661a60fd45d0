using System;
using System.Linq;

namespace EchoSocket;

/// <summary>What a UDP server has done, once it has ended.</summary>
public sealed class EchoUdpSummary(EchoUdpPeer[] peers) : IServerResult
{
    /// <summary>When the server began to serve, in UTC.</summary>
    public DateTime Time { get; set; }

    public ResultList LocalEndPoints { get; set; } = new(Array.Empty<string>());

    public double DurationMilliseconds { get; set; }

    /// <summary>Messages, without those that were refused.</summary>
    public long MessagesReceived { get; set; }

    public long MessagesSent { get; set; }

    public long BytesReceived { get; set; }

    public long BytesSent { get; set; }

    public long RefusedMessages { get; set; }

    /// <summary>Replies that the operating system did not send.</summary>
    public long UnsentReplies { get; set; }

    /// <summary>Whose messages were answered, the latest first. (The types file adds the peers as objects.)</summary>
    public ResultList PeerEndPoints => new(peers.Select(p => p.RemoteEndPoint));

    /// <summary>How many messages came from each.</summary>
    public ResultList PeerMessages => new(peers.Select(p => p.Messages));

    /// <summary>How many bytes those had.</summary>
    public ResultList PeerBytes => new(peers.Select(p => p.Bytes));

    /// <summary>How long after <see cref="Time"/> the first message of each came.</summary>
    public ResultList PeerFirstMilliseconds => new(peers.Select(p => Milliseconds.From(p.FirstSeen - Time)));

    /// <summary>How long after <see cref="Time"/> the last message of each came.</summary>
    public ResultList PeerLastMilliseconds => new(peers.Select(p => Milliseconds.From(p.LastSeen - Time)));

    /// <summary>Peers that are not listed, because too many others came later.</summary>
    public long ForgottenPeers { get; set; }

    string IServerResult.Kind => "";

    string IServerResult.Sentence =>
        $"Answered {StatisticsText.Number(MessagesSent)} of {Count(MessagesReceived, "message")} ({StatisticsText.Bytes(BytesReceived)}) " +
        $"from {Count(peers.Length + ForgottenPeers, "peer")} in {StatisticsText.Duration(DurationMilliseconds)}" +
        $"{(RefusedMessages > 0 ? $"; refused {StatisticsText.Number(RefusedMessages)} more" : "")}.";

    /// <summary>The peers of a summary, which holds them as lists.</summary>
    public static EchoUdpPeer[] ToPeers(DateTime time, string[] endPoints, long[] messages, long[] bytes, double[] first, double[] last) =>
        [.. endPoints.Select((endPoint, i) => new EchoUdpPeer
        {
            RemoteEndPoint = endPoint,
            Messages = messages[i],
            Bytes = bytes[i],
            FirstSeen = time + Milliseconds.ToTimeSpan(first[i])!.Value,
            LastSeen = time + Milliseconds.ToTimeSpan(last[i])!.Value,
        })];

    private static string Count(long count, string noun) => $"{StatisticsText.Number(count)} {noun}{(count == 1 ? "" : "s")}";
}
