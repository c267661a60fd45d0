using System;
using System.Globalization;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Measuring;

/// <summary>Finds out whether datagrams of a size come back whole, one datagram after another. For one thread.</summary>
internal sealed class DatagramPings : IDisposable
{
    private const int Token = Poller.WakeToken + 1;
    private const int MaxTries = 3;

    private readonly EchoUdpMeterOptions _options;
    private readonly Socket _socket;
    private readonly PathMtuResult _result;
    private readonly CancellationToken _cancellation;
    private readonly IPoller _poller;
    private readonly ITransport _transport;
    private readonly CancellationTokenRegistration _registration;
    private readonly Payload _payload = new(messageSize: 1);
    private readonly byte[] _buffer = new byte[ushort.MaxValue];
    private readonly int[] _ready = new int[1];
    private readonly int _headers;
    private long _next;
    private bool _hasReply;

    /// <param name="options">The time-out.</param>
    /// <param name="socket">The socket. The caller closes it.</param>
    /// <param name="result">Where datagrams are counted.</param>
    /// <param name="cancellation">Ends a wait.</param>
    public DatagramPings(EchoUdpMeterOptions options, Socket socket, PathMtuResult result, CancellationToken cancellation)
    {
        (_options, _socket, _result, _cancellation) = (options, socket, result, cancellation);
        _headers = Datagrams.HeaderSize(socket.AddressFamily);
        _poller = options.Poller();
        _transport = _poller.Adopt(socket, Token);
        _registration = cancellation.Register(_poller.Wake);
    }

    private enum Outcome
    {
        CameBack,
        IsLost,
        IsTooLarge,
    }

    /// <summary>A reply that was shorter than its message: their sizes. Null if there was none.</summary>
    public (int Received, int Sent)? ShortReply { get; private set; }

    /// <summary>The first datagram that came back without the number of one that was sent, as an error. Null if there was none.</summary>
    public EchoException? Stray { get; private set; }

    /// <summary>Sends a datagram of this size, again if it is lost. The reply to any of them counts.</summary>
    /// <exception cref="EchoException">
    /// A socket error, and nothing has come back so far; or a datagram came back with other bytes, so its size says nothing.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public bool ComesBack(int size)
    {
        var first = _next;
        for (var attempt = 0; attempt < MaxTries; attempt++)
        {
            _cancellation.ThrowIfCancellationRequested();
            var outcome = Ping(size, first);
            if (outcome == Outcome.CameBack)
                return true;

            _result.Lost++;
            if (outcome == Outcome.IsTooLarge)
                return false;
        }

        return false;
    }

    public void Dispose()
    {
        _registration.Dispose();
        _poller.Unregister(Token);
        _poller.Dispose();
    }

    private Outcome Ping(int size, long first)
    {
        _result.Probes++;
        var due = _options.Timestamp() + Clock.Ticks(_options.OperationTimeout);
        DatagramHeader.Write(_buffer, _next++, socket: 0);
        Buffer.BlockCopy(_payload.Bytes, 0, _buffer, DatagramHeader.Size, size - DatagramHeader.Size);

        // The first error may be one that ICMP has reported for an earlier datagram. Then this one was not sent.
        var sent = _transport.Send(_buffer, 0, size, out var error);
        if (error != SocketError.Success)
        {
            Check(error, size);
            sent = _transport.Send(_buffer, 0, size, out error);
        }

        if (error == SocketError.MessageSize)
            return Outcome.IsTooLarge;
        return error == SocketError.Success && sent > 0 ? Await(first, size, due) : Outcome.IsLost;
    }

    private Outcome Await(long first, int size, long due)
    {
        for (var now = _options.Timestamp(); now < due; now = _options.Timestamp())
        {
            _poller.Wait(Clock.MillisecondsUntil(due, now), _ready);
            _cancellation.ThrowIfCancellationRequested();
            var count = _transport.Receive(_buffer, 0, _buffer.Length, out var error);
            if (error == SocketError.WouldBlock)
                continue;
            if (error != SocketError.Success)
            {
                if (Check(error, size))
                    return Outcome.IsTooLarge;
            }
            else if (DatagramHeader.Read(_buffer, count, socket: 0, _next) is var number && number < 0)
            {
                Stray ??= Mismatch("it does not begin with the number of a datagram that was sent", count);
            }
            else if (number >= first)
            {
                if (count == size)
                {
                    CheckBytes(count);
                    _hasReply = true;
                    return Outcome.CameBack;
                }

                ShortReply = count < size ? (count, size) : ShortReply;
                return Outcome.IsTooLarge;
            }
        }

        return Outcome.IsLost;
    }

    // Whether an error means that this size is too large. It may be about an earlier, larger datagram.
    private bool Check(SocketError error, int size)
    {
        var mtu = PathMtu.Of(_socket)?.Bytes;
        if (!_hasReply && error != SocketError.MessageSize)
            throw DatagramMeterErrors.Exchange(Connector.Display(_options.Host, _options.Port), error, size, mtu, _headers);
        return error == SocketError.MessageSize && !(size + _headers <= mtu);
    }

    private void CheckBytes(int count)
    {
        var forms = EchoForms.Any;
        var wrong = EchoComparison.FindMismatch(_buffer, DatagramHeader.Size, _payload.Bytes, 0, count - DatagramHeader.Size, ref forms);
        if (wrong >= 0)
            throw Mismatch(string.Format(CultureInfo.InvariantCulture, "its first wrong byte is at offset {0:N0} of {1:N0}", DatagramHeader.Size + wrong, count), count);
    }

    private EchoException Mismatch(string problem, int count) => DatagramMeterErrors.Mismatch(
        Connector.Display(_options.Host, _options.Port), problem, count == 0 ? "empty" : Escaping.Quote(_buffer, 0, count));
}
