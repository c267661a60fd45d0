using System;
using System.Diagnostics;
using System.Net.Sockets;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>
/// Receives the replies of one connection and checks each byte as it comes. For one thread at a time; another one may send.
/// </summary>
internal sealed class ReplyReceiver(BlockingTransport transport, bool anyReply, TimeSpan closeGrace)
{
    // A wrong byte before this offset is shown with what comes before it, a later one without.
    private const int NearStart = 32;

    private EchoForms _forms = EchoForms.Any;
    private long _endDue; // 0 until FIN is sent

    /// <summary>Nothing is checked.</summary>
    public bool AnyReply { get; } = anyReply;

    /// <summary>How many bytes of the current reply have come, with those beyond it.</summary>
    public int Received { get; private set; }

    /// <summary>The offset of the first wrong byte; the size of the reply if bytes came beyond it; -1 if nothing is wrong.</summary>
    public int Wrong { get; private set; } = -1;

    /// <summary>What came instead of the right bytes, quoted.</summary>
    public string Shown { get; private set; } = "";

    /// <summary>When the first byte of the current reply came, in stopwatch ticks.</summary>
    public long FirstByte { get; private set; }

    /// <summary>Call it before the message is sent.</summary>
    public void Begin() => (Received, Wrong) = (0, -1);

    /// <summary>
    /// Receives the reply to the first <paramref name="count"/> bytes of a message, up to the first wrong byte. Where the
    /// buffer has room it asks for one byte more, so that it notices at once if the server sends more than it received.
    /// </summary>
    public SocketError Receive(byte[] message, int count, byte[] reply, long due)
    {
        var room = AnyReply ? count : Math.Min(reply.Length, count + 1);
        while (true)
        {
            var part = transport.Receive(reply, Received, room - Received, due, out var error);
            if (part == 0)
                return error;
            if (Received == 0)
                FirstByte = Stopwatch.GetTimestamp();
            if (!AnyReply)
                Check(message, count, reply, part);
            Received += part;
            if (Received >= count || Wrong >= 0)
                return error;
        }
    }

    /// <summary>
    /// Checks, without waiting, that nothing came after the last reply. False if the peer closed the connection (no error),
    /// reset it (the error says so), or sent more bytes (<see cref="Wrong"/> is not -1).
    /// </summary>
    public bool IsIdle(out SocketError error)
    {
        error = SocketError.Success;
        if (!transport.IsReadable() || (AnyReply && transport.HasUnread))
            return true;

        var beyond = new byte[Escaping.MaxQuoted + 1];
        var count = transport.Receive(beyond, 0, beyond.Length, long.MaxValue, out error);
        if (count > 0)
            Fail(Received, beyond, 0, count);
        return false;
    }

    /// <summary>Sends FIN.</summary>
    public void EndSending()
    {
        if (_endDue > 0)
            return;

        _endDue = Stopwatch.GetTimestamp() + Clock.Ticks(closeGrace);
        transport.EndSending();
    }

    /// <summary>
    /// Sends FIN, unless that is done, and waits for the peer's. False if more bytes came first. If nothing is checked, it does
    /// not wait.
    /// </summary>
    public bool ReceiveEnd(long due = long.MaxValue)
    {
        EndSending();
        if (!AnyReply && transport.IsReadable(Clock.MillisecondsUntil(Math.Min(_endDue, due))))
            IsIdle(out _);
        return Wrong < 0;
    }

    /// <summary>The index of the first wrong byte of a part of a reply, or -1.</summary>
    public int FindWrong(byte[] message, int messageOffset, byte[] reply, int replyOffset, int count) =>
        EchoComparison.FindMismatch(reply, replyOffset, message, messageOffset, count, ref _forms);

    private void Check(byte[] message, int count, byte[] reply, int part)
    {
        var expected = Math.Min(part, count - Received);
        var wrong = FindWrong(message, Received, reply, Received, expected);
        if (wrong >= 0)
            wrong += Received;
        else if (part > expected)
            wrong = count;
        if (wrong < 0)
            return;

        var start = ShownFrom(wrong, count);
        Fail(wrong, reply, start, Received + part, cutBefore: wrong < count && start > 0);
    }

    /// <summary>Where in a reply of <paramref name="count"/> bytes to begin to show it. Only a wrong byte inside of it has something before it.</summary>
    public static int ShownFrom(int wrong, int count) => wrong < count && wrong < NearStart ? 0 : wrong;

    /// <summary>Shows more than was asked for, if it is there already: a whole line explains more than a few bytes.</summary>
    public void Fail(int wrong, byte[] reply, int start, int end, bool cutBefore = false)
    {
        var shown = new byte[Escaping.MaxQuoted + 1];
        var count = Math.Min(end - start, shown.Length);
        Buffer.BlockCopy(reply, start, shown, 0, count);
        while (count < shown.Length && transport.IsReadable())
        {
            var part = transport.Receive(shown, count, shown.Length - count, long.MaxValue, out _);
            if (part == 0)
                break;
            count += part;
        }

        Wrong = wrong;
        Shown = Escaping.Quote(shown, 0, count, cutBefore);
    }
}
