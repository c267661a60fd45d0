using System;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>A socket of a UDP server, with the batch that it answers. For one thread.</summary>
internal sealed class DatagramChannel(IDatagramSocket socket, int token, DatagramCounters counters, RefusalReport report)
{
    // The system has no buffer for a reply, and does not tell when it has: the loop tries again every millisecond, so often.
    private const int MaxTries = 100;

    private const int MaxErrors = 1000; // in a row, without a datagram between them

    private readonly bool[] _answered = new bool[socket.Batch.Length];
    private int _next; // the first datagram without a reply
    private int _tries;
    private int _errors;

    public int Token => token;

    public IDatagramSocket Socket => socket;

    /// <summary>How many datagrams the batch has.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a reply is not sent yet. Call <see cref="Send"/> before the next <see cref="Receive"/>.</summary>
    public bool HasUnsent => _next < Count;

    /// <summary>Receives the next batch, of so many datagrams at most, and can wait for it. Returns false if there is none.</summary>
    /// <exception cref="SocketException">The socket can't receive any more.</exception>
    public bool Receive(long max, bool wait = false)
    {
        _next = 0;
        Count = socket.Receive((int)Math.Min(max, socket.Batch.Length), wait, out var error);
        if (Count > 0 || error == SocketError.WouldBlock)
            _errors = 0;
        else if (SocketErrors.IsListenerFailure(error) || ++_errors >= MaxErrors)
            throw new SocketException((int)error); // any other error tells of an earlier reply: an ICMP message came back
        return Count > 0;
    }

    /// <summary>What the socket is watched for.</summary>
    public Interest Interest { get; set; } = Interest.Reading;

    /// <summary>Whether a datagram of the batch is to be answered.</summary>
    public bool IsAnswered(int index) => _answered[index];

    public void SetAnswered(int index, bool value) => _answered[index] = value;

    /// <summary>Sends the replies. The error is WouldBlock, NoBufferSpaceAvailable, or none if nothing is left to send.</summary>
    public SocketError Send()
    {
        var again = true;
        while (HasUnsent)
        {
            if (!_answered[_next])
            {
                _next++;
                continue;
            }

            var end = _next + 1;
            while (end < Count && _answered[end])
                end++;
            var sent = socket.Send(_next, end - _next, out var error);
            if (sent > 0)
            {
                CountSent(sent);
                (again, _tries) = (true, 0);
            }
            else if (error == SocketError.WouldBlock || (error == SocketError.NoBufferSpaceAvailable && ++_tries < MaxTries))
            {
                return error;
            }
            else if (again)
            {
                again = false; // the error may be that of an earlier reply
            }
            else
            {
                GiveUp(SocketErrors.Describe(error));
                (again, _tries) = (true, 0);
            }
        }

        return SocketError.Success;
    }

    /// <summary>Leaves the replies that are not sent yet unsent.</summary>
    public void GiveUpAll(string reason)
    {
        while (HasUnsent)
        {
            if (_answered[_next])
                GiveUp(reason);
            else
                _next++;
        }
    }

    private void CountSent(int count)
    {
        long bytes = 0;
        for (var left = count; left > 0; left--)
            bytes += socket.Batch[_next++].Count;
        counters.CountSent(count, bytes);
    }

    private void GiveUp(string reason)
    {
        counters.CountUnanswered();
        report.Unanswered(socket.Batch[_next++].Remote, reason);
    }
}
