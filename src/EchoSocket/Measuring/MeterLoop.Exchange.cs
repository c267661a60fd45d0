using System;
using System.Diagnostics;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;

namespace EchoSocket.Measuring;

// What is done for one connection: messages begun, replies checked and timed, and failures.
internal sealed partial class MeterLoop
{
    private void Refill(MeteredConnection connection)
    {
        while (!connection.Failed && !connection.AwaitsRoom && Begin(connection))
            Send(connection);
    }

    // As many messages as may be under way, but not many more bytes than go out at once: what is begun is as good as sent.
    private bool Begin(MeteredConnection connection)
    {
        if (connection.Outstanding >= _options.InFlight)
            return false;

        var now = Stopwatch.GetTimestamp();
        var before = connection.Begun;
        while (connection.Outstanding < _options.InFlight && connection.BytesToSend < Payload.LongestPiece
            && _pace.TryNext(connection, now, out var intended))
        {
            connection.Begin(intended, now);
        }

        var begun = connection.Begun - before;
        _outstanding += begun;
        if (_counts)
            Sent += begun;
        return begun > 0;
    }

    private void Send(MeteredConnection connection)
    {
        while (connection.BytesToSend > 0)
        {
            var count = (int)Math.Min(connection.BytesToSend, Payload.LongestPiece);
            var sent = connection.Transport.Send(_payload.Bytes, _payload.Offset(connection.SendPosition), count, out var error);
            connection.BytesSent += sent;
            if (error != SocketError.Success)
            {
                Fail(connection, error);
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

    // What comes back is read all the while: the server may not be able to read on before it is rid of it.
    private void AwaitRoom(MeteredConnection connection, bool value)
    {
        if (connection.AwaitsRoom == value)
            return;

        connection.AwaitsRoom = value;
        _poller.Change(connection.Token, value ? Interest.Reading | Interest.Writing : Interest.Reading);
    }

    private void Serve(MeteredConnection connection)
    {
        if (connection.Failed)
            return;

        var count = connection.Transport.Receive(_buffer, _buffer.Length, out var error);
        _now = Stopwatch.GetTimestamp();
        if (count > 0)
            Take(connection, count);
        else if (error != SocketError.WouldBlock)
            Fail(connection, error);

        if (connection is { AwaitsRoom: true, Failed: false })
        {
            Send(connection);
            Refill(connection);
        }
    }

    private void Take(MeteredConnection connection, int count)
    {
        var right = CountRight(connection, count);
        connection.BytesReceived += right;
        var answered = 0;
        for (var whole = connection.WholeReplies; connection.Answered < whole; answered++)
        {
            if (_now - connection.OldestSent > _timeout)
            {
                Fail(connection, SocketError.TimedOut);
                break;
            }

            _since[answered] = connection.Answer();
        }

        _outstanding -= answered;
        var (now, counts) = (_now, _counts);
        if (right < count && !connection.Failed)
            FailAtWrongByte(connection);

        // The next message goes out before this one is entered: the time for that is then no part of any round trip.
        Refill(connection);
        for (var i = 0; i < answered && counts; i++)
            _latencies.Record(now - _since[i]);
    }

    // Bytes for which none were sent are wrong, too.
    private int CountRight(MeteredConnection connection, int count)
    {
        var expected = (int)Math.Min(count, connection.BytesSent - connection.BytesReceived);
        var forms = connection.Forms;
        var wrong = _payload.FirstWrong(_buffer, expected, connection.ReceivePosition, ref forms);
        connection.Forms = forms;
        return wrong < 0 ? expected : wrong;
    }

    private void FailAtWrongByte(MeteredConnection connection)
    {
        var (size, position) = (_options.MessageSize, connection.BytesReceived);
        Fail(connection, Errors.Mismatch(_endPoint, position % size, size, (position / size) + 1));
    }

    private void Sweep()
    {
        _nextSweep = _now + (_sweepMilliseconds * Stopwatch.Frequency / 1000);
        foreach (var connection in _connections)
        {
            if (!connection.Failed && connection.Outstanding > 0 && _now - connection.OldestSent > _timeout)
                Fail(connection, SocketError.TimedOut);
        }
    }

    private void Fail(MeteredConnection connection, SocketError error) => Fail(
        connection,
        Errors.Exchange(
            _endPoint, (int)(connection.BytesReceived % _options.MessageSize), _options.MessageSize, error, _options.OperationTimeout));

    private void Fail(MeteredConnection connection, EchoException failure)
    {
        // A server may close what it need not serve any more.
        if (connection.Outstanding > 0 || !_pace.IsOver)
            _failures.Add(failure);

        connection.Failed = true;
        _alive--;
        _outstanding -= connection.Outstanding;
        Lost += connection.Outstanding;
        if (!_counts)
            Sent += connection.Outstanding;
        _poller.Unregister(connection.Token);
        connection.Transport.Shutdown();
        connection.Transport.Close();
    }
}
