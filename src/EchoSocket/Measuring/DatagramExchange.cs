using System;
using System.Globalization;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Polling;

namespace EchoSocket.Measuring;

/// <summary>
/// Sends datagrams on one socket at a time, as many as the pace allows, and checks and times the replies. The rest of a datagram,
/// after its header, is a piece of the payload that depends on its number. For the measuring thread.
/// </summary>
internal sealed class DatagramExchange(
    EchoUdpMeterOptions options, IPoller poller, DatagramRun run, FailureTally failures, LatencyHistogram latencies)
{
    private const int MaxReceives = 64; // on one socket, before the others have their turn
    private const int SocketStep = 7919; // so that each socket sends other bytes

    private readonly string _endPoint = Connector.Display(options.Host, options.Port);
    private readonly Payload _payload = new(options.MessageSize);
    private readonly byte[] _datagram = new byte[options.MessageSize];
    private readonly byte[] _reply = new byte[ushort.MaxValue];

    /// <summary>Sends what the pace allows now.</summary>
    public void Refill(MeteredSocket socket)
    {
        while (!socket.AwaitsRoom && !run.IsSilent && !run.HasFailed && socket.Outstanding < options.InFlight)
        {
            var now = options.Timestamp();
            if (run.Pace.Take(socket, now, 1) == 0)
                return;

            run.Outstanding++;
            Send(socket, now);
        }
    }

    /// <summary>Reads the replies of a socket that is ready, and sends what there is room for.</summary>
    public void Advance(MeteredSocket socket)
    {
        // No more than are outstanding: with one, that saves a second call, which would find nothing.
        var max = Math.Min(Math.Max(socket.Log.Outstanding, 1), MaxReceives);
        for (var i = 0; i < max && !run.HasFailed; i++)
        {
            var count = socket.Transport.Receive(_reply, 0, _reply.Length, out var error);
            if (error == SocketError.WouldBlock)
                break;
            if (error == SocketError.Success)
                Take(socket, count, options.Timestamp());
            else
                Fail(socket, error);
        }

        if (socket.AwaitsRoom && !run.HasFailed)
        {
            Send(socket, options.Timestamp());
            Refill(socket);
        }
    }

    /// <summary>Counts the datagrams of a socket as lost whose time is up, and sends others in their place.</summary>
    public void GiveUp(MeteredSocket socket, long now)
    {
        if (Lose(socket.Log.GiveUp(now)))
            Refill(socket);
    }

    /// <summary>Counts all outstanding datagrams of a socket as lost.</summary>
    public void GiveUpAll(MeteredSocket socket)
    {
        Lose(socket.Log.GiveUpAll());
        if (socket.AwaitsRoom)
            run.Outstanding--;
        AwaitRoom(socket, false);
    }

    private static long Position(long number, int socket, int size) => (number * size) + ((long)socket * SocketStep);

    private bool Lose(int count)
    {
        run.Outstanding -= count;
        run.AddLost(count);
        return count > 0;
    }

    // ICMP reports an error for an earlier datagram, and then this one was not sent: send it again. If that fails, too, it counts
    // as sent, and is lost.
    private void Send(MeteredSocket socket, long now)
    {
        var (log, size) = (socket.Log, options.MessageSize);
        DatagramHeader.Write(_datagram, log.Next, socket.Number);
        var position = Position(log.Next, socket.Number, size);
        Buffer.BlockCopy(_payload.Bytes, _payload.Offset(position), _datagram, DatagramHeader.Size, size - DatagramHeader.Size);

        var sent = socket.Transport.Send(_datagram, 0, size, out var error);
        if (error != SocketError.Success)
        {
            Fail(socket, error);
            sent = run.HasFailed ? size : socket.Transport.Send(_datagram, 0, size, out error);
        }

        var hasRoom = sent > 0 || error != SocketError.Success;
        AwaitRoom(socket, !hasRoom);
        if (hasRoom)
        {
            var before = log.Outstanding;
            log.Send(now, run.Pace.Intended(socket, log.Sent, now));
            Lose(before + 1 - log.Outstanding);
        }
    }

    private void AwaitRoom(MeteredSocket socket, bool value)
    {
        if (socket.AwaitsRoom == value)
            return;

        socket.AwaitsRoom = value;
        poller.Change(socket.Token, value ? Interest.Reading | Interest.Writing : Interest.Reading);
    }

    private void Take(MeteredSocket socket, int count, long now)
    {
        var log = socket.Log;
        var number = DatagramHeader.Read(_reply, count, socket.Number, log.Next);
        if (!IsRight(socket, number, count))
            return;

        (run.HasReply, run.LastReply) = (true, now);
        var (outstanding, late) = (log.Outstanding, log.Late);
        var kind = log.Receive(number, now, out var roundTrip);
        var answered = kind == ReplyKind.InTime ? 1 : 0;
        run.Outstanding -= answered;
        Lose(outstanding - log.Outstanding - answered);
        run.AddLost((int)(late - log.Late));

        // Sends the next datagram before it records the time, so that recording is not part of any round trip.
        Refill(socket);
        if (kind == ReplyKind.InTime && run.IsMeasuring)
            latencies.Record(roundTrip);
    }

    private bool IsRight(MeteredSocket socket, long number, int count)
    {
        var size = options.MessageSize;
        if (number < 0)
            return Refuse("it does not begin with the number of a datagram that was sent", count);
        if (count != size)
            return Refuse(string.Format(CultureInfo.InvariantCulture, "its {0:N0} bytes are not the {1:N0} of the message", count, size), count);

        var forms = socket.Forms;
        var position = _payload.Offset(Position(number, socket.Number, size));
        var wrong = EchoComparison.FindMismatch(
            _reply, DatagramHeader.Size, _payload.Bytes, position, size - DatagramHeader.Size, ref forms);
        if (wrong >= 0)
        {
            return Refuse(string.Format(
                CultureInfo.InvariantCulture, "its first wrong byte is at offset {0:N0} of {1:N0}", DatagramHeader.Size + wrong, size), count);
        }

        socket.Forms = forms;
        return true;
    }

    private bool Refuse(string problem, int count)
    {
        failures.Add(DatagramMeterErrors.Mismatch(_endPoint, problem, count == 0 ? "empty" : Escaping.Quote(_reply, 0, count)));
        return false;
    }

    // A socket goes on after an error: the server may be back soon. But if no reply has come at all, the run ends.
    private void Fail(MeteredSocket socket, SocketError error)
    {
        var headers = Datagrams.HeaderSize(socket.Socket.AddressFamily);
        var mtu = error == SocketError.MessageSize ? PathMtu.Of(socket.Socket)?.Bytes : null;
        failures.Add(DatagramMeterErrors.Exchange(_endPoint, error, options.MessageSize, mtu, headers));
        run.HasFailed |= !run.HasReply;
    }
}
