using System;
using System.Net.Sockets;
using EchoSocket.Polling;

namespace EchoSocket.Serving;

/// <summary>The outcome of one step on a connection.</summary>
internal enum Step
{
    /// <summary>No byte could be moved.</summary>
    Nothing,

    /// <summary>Bytes were moved.</summary>
    Moved,

    /// <summary>The connection has ended.</summary>
    Ended,
}

/// <summary>
/// Answers a client one step at a time: sends the rest of an unsent reply, or else reads once and sends once. Nothing is read
/// from a client while a reply to it is unsent. So a client that does not read costs one buffer and delays no other.
/// </summary>
internal sealed class Answering(
    IPoller poller, Action<byte[], int>? transform, UnsentReplies unsent, ConnectionCloser closer, LoopCounters counters, IEchoObserver? observer)
{
    private readonly byte[] _buffer = new byte[UnsentReplies.MaxReadSize];

    public Step Advance(ServedConnection connection) =>
        connection.Unsent is null ? ReceiveAndSend(connection) : SendUnsent(connection);

    private Step ReceiveAndSend(ServedConnection connection)
    {
        var count = connection.Transport.Receive(_buffer, 0, unsent.ReadSize, out var error);
        if (count == 0)
        {
            if (error is SocketError.WouldBlock or SocketError.InProgress)
            {
                Watch(connection);
                return error == SocketError.InProgress ? Step.Moved : Step.Nothing;
            }

            closer.End(connection, error);
            return Step.Ended;
        }

        connection.BytesReceived += count;
        counters.Received(count);
        observer?.Received(connection.Remote, _buffer, count);
        try
        {
            transform?.Invoke(_buffer, count);
        }
        catch (Exception e)
        {
            closer.End(connection, EndReason.Faulted, e.Message);
            return Step.Ended;
        }

        if (!TrySend(connection, _buffer, 0, count, out var sent))
            return Step.Ended;

        if (sent < count)
        {
            unsent.Store(connection, _buffer, sent, count - sent);
            poller.Change(connection.Token, Interest.Writing);
        }

        return Step.Moved;
    }

    private Step SendUnsent(ServedConnection connection)
    {
        if (!TrySend(connection, connection.Unsent!, connection.Sent, connection.Length - connection.Sent, out var sent))
            return Step.Ended;

        connection.Sent += sent;
        if (connection.Sent == connection.Length)
        {
            unsent.Release(connection);
            poller.Change(connection.Token, Interest.Reading);
        }

        return sent > 0 ? Step.Moved : Step.Nothing;
    }

    // A TLS handshake may have bytes of its own to send.
    private void Watch(ServedConnection connection)
    {
        var wantsToSend = connection.Transport.WantsToSend;
        if (wantsToSend == connection.WatchedForSending)
            return;

        connection.WatchedForSending = wantsToSend;
        poller.Change(connection.Token, wantsToSend ? Interest.Reading | Interest.Writing : Interest.Reading);
    }

    // Returns false if the send failed and so ended the connection.
    private bool TrySend(ServedConnection connection, byte[] buffer, int offset, int count, out int sent)
    {
        sent = connection.Transport.Send(buffer, offset, count, out var error);
        connection.BytesSent += sent;
        counters.Sent(sent);
        if (error == SocketError.Success)
            return true;

        closer.End(connection, error);
        return false;
    }
}
