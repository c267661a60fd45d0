using System.Collections.Generic;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket.Measuring;

/// <summary>
/// The state of one measured connection: its positions in an endless stream of messages, and the send times of the
/// outstanding ones. Messages sent together share an entry, so memory grows only with what is outstanding.
/// </summary>
internal sealed class MeteredConnection(ITransport transport, int token, int number, int messageSize) : IPaced
{
    private readonly long _firstByte = number * 7919L; // so that each connection sends other bytes
    private readonly Queue<Batch> _outstanding = new();
    private long _phaseStart;

    public ITransport Transport { get; } = transport;

    public int Token { get; } = token;

    public int Number { get; } = number;

    public bool Failed { get; set; }

    /// <summary>True while the send buffer is full and the poller watches for room.</summary>
    public bool AwaitsRoom { get; set; }

    /// <summary>Messages begun: sent, or about to be.</summary>
    public long Begun { get; private set; }

    public long BegunInPhase => Begun - _phaseStart;

    public long Answered { get; private set; }

    public long AnsweredInPhase => Answered - _phaseStart;

    public long SettledInPhase => AnsweredInPhase;

    public int Outstanding => (int)(Begun - Answered);

    public long BytesSent { get; set; }

    public long BytesReceived { get; set; }

    public long BytesToSend => (Begun * messageSize) - BytesSent;

    /// <summary>Messages whose whole reply has been received.</summary>
    public long WholeReplies => BytesReceived / messageSize;

    /// <summary>Whether the server upper-cases letters, as far as its replies have shown.</summary>
    public EchoForms Forms { get; set; } = EchoForms.Any;

    /// <summary>When the oldest outstanding message was sent, in stopwatch ticks.</summary>
    public long OldestSent => _outstanding.Peek().Sent;

    /// <summary>The position in the payload of the next byte to send.</summary>
    public long SendPosition => _firstByte + BytesSent;

    /// <summary>The position in the payload of the next byte to receive.</summary>
    public long ReceivePosition => _firstByte + BytesReceived;

    public void BeginPhase() => _phaseStart = Begun;

    /// <summary>Begins this many messages, which are sent together.</summary>
    public void Begin(int count, long now)
    {
        Begun += count;
        _outstanding.Enqueue(new Batch(Begun, now));
    }

    /// <summary>Notes that the reply to the oldest outstanding message has come.</summary>
    public void Answer()
    {
        Answered++;
        if (_outstanding.Peek().End == Answered)
            _outstanding.Dequeue();
    }

    /// <param name="end">The number of the first message after the batch.</param>
    /// <param name="sent">When the batch was sent.</param>
    private readonly struct Batch(long end, long sent)
    {
        public long End { get; } = end;

        public long Sent { get; } = sent;
    }
}
