using System;
using EchoSocket.Transport;

namespace EchoSocket.Measuring;

/// <summary>
/// What the meter knows of one connection: two positions in its endless stream of messages, and the times of those
/// outstanding, in the stopwatch's ticks.
/// </summary>
internal sealed class MeteredConnection
{
    private readonly int _messageSize;
    private readonly long _firstByte;
    private readonly Times[] _outstanding; // a ring

    public MeteredConnection(ITransport transport, int token, int number, EchoMeterOptions options)
    {
        Transport = transport;
        Token = token;
        Number = number;
        _messageSize = options.MessageSize;
        _firstByte = number * 7919L; // so that no two connections send the same
        _outstanding = new Times[Math.Min(options.InFlight, options.Count ?? long.MaxValue)];
    }

    public ITransport Transport { get; }

    public int Token { get; }

    /// <summary>Among the connections, counted from 0.</summary>
    public int Number { get; }

    public bool Failed { get; set; }

    /// <summary>It is watched for room to send, because there was none.</summary>
    public bool AwaitsRoom { get; set; }

    /// <summary>Messages begun, and those of them that were answered.</summary>
    public long Begun { get; private set; }

    public long Answered { get; private set; }

    public int Outstanding => (int)(Begun - Answered);

    /// <summary>Messages of the phase that runs now that were begun.</summary>
    public long BegunInPhase { get; private set; }

    public long BytesSent { get; set; }

    public long BytesReceived { get; set; }

    public long BytesToSend => (Begun * _messageSize) - BytesSent;

    /// <summary>Messages that are answered as far as the bytes tell.</summary>
    public long WholeReplies => BytesReceived / _messageSize;

    /// <summary>What the server has been seen to do to letters, as far as that is known.</summary>
    public EchoForms Forms { get; set; } = EchoForms.Any;

    /// <summary>When the message that was begun first of those outstanding was sent.</summary>
    public long OldestSent => _outstanding[Answered % _outstanding.Length].Sent;

    /// <summary>Where in the payload's stream the next byte to send is, and the next to come back.</summary>
    public long SendPosition => _firstByte + BytesSent;

    public long ReceivePosition => _firstByte + BytesReceived;

    public void BeginPhase() => BegunInPhase = 0;

    /// <param name="intended">When it should have been sent; its round trip counts from then.</param>
    /// <param name="now">When it is sent.</param>
    public void Begin(long intended, long now)
    {
        _outstanding[Begun % _outstanding.Length] = new Times(intended, now);
        Begun++;
        BegunInPhase++;
    }

    /// <summary>Takes the oldest outstanding message as answered; returns since when its round trip counts.</summary>
    public long Answer()
    {
        var intended = _outstanding[Answered % _outstanding.Length].Intended;
        Answered++;
        return intended;
    }

    private readonly struct Times(long intended, long sent)
    {
        public long Intended { get; } = intended;

        public long Sent { get; } = sent;
    }
}
