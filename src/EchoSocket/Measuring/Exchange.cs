using System;
using System.Net.Sockets;
using EchoSocket.Polling;

namespace EchoSocket.Measuring;

/// <summary>
/// Sends messages on one connection at a time, as many as the pace allows, and checks and times the replies. Messages that
/// may be sent at the same moment go out in one write.
/// </summary>
internal sealed class Exchange(
    EchoMeterOptions options, IPoller poller, MeterRun run, ConnectionFailures failures, LatencyHistogram latencies)
{
    // A message counts as sent as soon as it is begun. So no more are begun than one write can send, in one chunk.
    private readonly int _maxBegun = ((Payload.MaxChunkSize - 1) / options.MessageSize) + 1;

    private readonly Payload _payload = new(options.MessageSize);
    private readonly byte[] _buffer = new byte[Payload.MaxChunkSize];
    private readonly long[] _intended = new long[options.InFlight]; // send times of the messages that one read has answered

    /// <summary>Sends what the pace allows now.</summary>
    public void Refill(MeteredConnection connection)
    {
        while (!connection.Failed && !connection.AwaitsRoom && Begin(connection))
            Send(connection);
    }

    /// <summary>Reads once from a connection that is ready, and sends what there is room for.</summary>
    public void Advance(MeteredConnection connection)
    {
        if (connection.Failed)
            return;

        var count = connection.Transport.Receive(_buffer, 0, _buffer.Length, out var error);
        if (count > 0)
            Take(connection, count, options.Timestamp());
        else if (error is not (SocketError.WouldBlock or SocketError.InProgress))
            failures.Fail(connection, error);

        if (connection is { AwaitsRoom: true, Failed: false })
        {
            Send(connection);
            Refill(connection);
        }
    }

    private bool Begin(MeteredConnection connection)
    {
        var max = Math.Min(options.InFlight - connection.Outstanding, _maxBegun);
        if (max == 0)
            return false;

        var now = options.Timestamp();
        var count = run.Pace.Take(connection, now, max);
        if (count == 0)
            return false;

        connection.Begin(count, now);
        run.Begun(count);
        return true;
    }

    private void Send(MeteredConnection connection)
    {
        while (connection.BytesToSend > 0)
        {
            var count = (int)Math.Min(connection.BytesToSend, Payload.MaxChunkSize);
            var sent = connection.Transport.Send(_payload.Bytes, _payload.Offset(connection.SendPosition), count, out var error);
            connection.BytesSent += sent;
            if (error != SocketError.Success)
            {
                failures.Fail(connection, error);
                return;
            }

            if (sent < count)
            {
                AwaitRoom(connection, true);
                return;
            }
        }

        AwaitRoom(connection, false);
    }

    // Keeps reading replies while it waits: the server may stop reading until it has sent them.
    private void AwaitRoom(MeteredConnection connection, bool value)
    {
        if (connection.AwaitsRoom == value)
            return;

        connection.AwaitsRoom = value;
        poller.Change(connection.Token, value ? Interest.Reading | Interest.Writing : Interest.Reading);
    }

    private void Take(MeteredConnection connection, int count, long now)
    {
        var right = CountCorrect(connection, count);
        connection.BytesReceived += right;
        var whole = connection.WholeReplies;
        var answered = 0;
        for (; connection.Answered < whole && !failures.IsLate(connection, now); answered++)
        {
            _intended[answered] = run.Pace.Intended(connection, connection.AnsweredInPhase, connection.OldestSent);
            connection.Answer();
        }

        run.Answered(answered);
        if (connection.Answered < whole)
            failures.FailLate(connection);
        else if (right < count)
            failures.FailMismatch(connection, Escaping.Quote(_buffer, right, count - right));

        // Sends the next message before it records these times, so that recording is not part of any round trip.
        Refill(connection);
        for (var i = 0; i < answered && run.IsMeasuring; i++)
            latencies.Record(now - _intended[i]);
    }

    // How many bytes are right, up to the first wrong one. Bytes beyond the outstanding replies are wrong.
    private int CountCorrect(MeteredConnection connection, int count)
    {
        var expected = (int)Math.Min(count, connection.BytesSent - connection.BytesReceived);
        var forms = connection.Forms;
        var wrong = _payload.FindMismatch(_buffer, expected, connection.ReceivePosition, ref forms);
        connection.Forms = forms;
        return wrong < 0 ? expected : wrong;
    }
}
