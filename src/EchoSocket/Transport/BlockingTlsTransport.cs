using System;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>
/// TLS with blocking calls: moves bytes without waiting, and polls the socket when there is nothing to move. So it can tell
/// data from what TLS sends for itself, and notices a connection that was cut. The same threads may call it.
/// </summary>
internal sealed class BlockingTlsTransport : BlockingTransport
{
    private const int MaxPoll = int.MaxValue / 1000; // Poll counts in microseconds
    private const int HandshakePoll = 20; // SslStream may continue on another thread, which does not end a poll

    private readonly object _sending = new(); // held during a send
    private readonly object _receiving = new(); // held while bytes are received, which never waits
    private readonly Socket _socket;
    private readonly TlsTransport _tls;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _count;
    private SocketError? _end;

    public BlockingTlsTransport(Socket socket, TlsSide side)
        : base(socket)
    {
        _socket = socket;
        _tls = new TlsTransport(new SocketTransport(socket, EndPoints.Peer(socket)), new TlsBuffers(), side, () => { });
    }

    public override string Problem => _tls.Problem;

    public override bool HasUnread => Fill(0) && _count > 0;

    /// <summary>
    /// Completes the handshake; the peer may then still refuse this side's certificate. <see cref="SocketError.TimedOut"/> if it
    /// takes until the stopwatch shows <paramref name="due"/>.
    /// </summary>
    public SocketError Handshake(long due, out TlsDetails? details)
    {
        var start = Stopwatch.GetTimestamp();
        details = null;
        while (true)
        {
            TryReceive(due);
            if (_tls.IsEstablished && _end is not SocketError.Fault)
            {
                details = _tls.Details;
                details.HandshakeTime = Clock.Since(start);
                return SocketError.Success;
            }

            if (_end is { } end)
                return end == SocketError.Success ? SocketError.ConnectionReset : end;
            if (Clock.MillisecondsUntil(due) is var left && left == 0)
                return SocketError.TimedOut;
            Poll(left < 0 ? HandshakePoll : Math.Min(left, HandshakePoll), SelectMode.SelectRead);
        }
    }

    public override int Receive(byte[] buffer, int offset, int count, long due, out SocketError error)
    {
        error = SocketError.TimedOut;
        if (!Fill(Clock.MillisecondsUntil(due)))
            return 0;

        error = _count > 0 ? SocketError.Success : _end ?? SocketError.Success;
        var received = Math.Min(count, _count);
        Buffer.BlockCopy(_buffer, _start, buffer, offset, received);
        _start += received;
        _count -= received;
        return received;
    }

    public override bool IsReadable(int milliseconds = 0) => Fill(milliseconds);

    public override SocketError Send(byte[] buffer, int offset, int count)
    {
        lock (_sending)
        {
            var limit = _socket.SendTimeout;
            var due = limit > 0 ? Stopwatch.GetTimestamp() + Clock.Ticks(TimeSpan.FromMilliseconds(limit)) : long.MaxValue;
            try
            {
                for (var sent = 0; ;)
                {
                    sent += _tls.Send(buffer, offset + sent, count - sent, out var error);
                    if (error != SocketError.Success)
                        return Reason(error);
                    if (sent == count)
                        return error;
                    if (Clock.MillisecondsUntil(due) is var left && left == 0)
                        return SocketError.TimedOut;
                    Poll(left, SelectMode.SelectWrite);
                }
            }
            catch (ObjectDisposedException)
            {
                return SocketError.OperationAborted;
            }
        }
    }

    /// <summary>Sends close_notify and FIN. The peer's bytes still come.</summary>
    public override void EndSending()
    {
        lock (_sending)
            CloseNotify();
    }

    /// <summary>The same as without TLS, with close_notify before FIN unless a send is under way.</summary>
    public override void Shutdown()
    {
        TryCloseNotify();
        base.Shutdown();
    }

    /// <summary>Closes with close_notify and FIN, unless a send is under way on another thread, which it ends.</summary>
    public override void Dispose()
    {
        if (IsDisposed)
            return;

        IsDisposed = true;
        TryCloseNotify();
        Shutdown(SocketShutdown.Send);
        lock (_sending)
            _tls.Release();
        base.Dispose();
    }

    private void TryCloseNotify()
    {
        if (!Monitor.TryEnter(_sending))
            return;

        CloseNotify();
        Monitor.Exit(_sending);
    }

    // SslStream locks its reads and writes, but not its shutdown: one during a read on another thread can crash OpenSSL.
    private void CloseNotify()
    {
        lock (_receiving)
            _tls.Shutdown();
    }

    // Waits for something decrypted, or for the end. False if there is neither in time.
    private bool Fill(int milliseconds)
    {
        var due = milliseconds < 0 ? long.MaxValue : Stopwatch.GetTimestamp() + Clock.Ticks(TimeSpan.FromMilliseconds(milliseconds));
        while (!TryReceive(due))
        {
            if (Clock.MillisecondsUntil(due) is var left && left == 0)
                return false;
            Poll(left, SelectMode.SelectRead);
        }

        return true;
    }

    // Before a peer resets the connection it may have said why.
    private SocketError Reason(SocketError error)
    {
        if (!Monitor.TryEnter(_receiving))
            return error; // another thread receives it

        try
        {
            TryReceive(long.MaxValue);
            return _end == SocketError.Fault ? SocketError.Fault : error;
        }
        finally
        {
            Monitor.Exit(_receiving);
        }
    }

    private bool TryReceive(long due)
    {
        lock (_receiving)
            return TryReceiveAlone(due);
    }

    // A peer can send records without data for ever, so there is always something to receive.
    private bool TryReceiveAlone(long due)
    {
        while (_count == 0 && _end is null)
        {
            SocketError error;
            try
            {
                (_start, _count) = (0, _tls.Receive(_buffer, 0, _buffer.Length, out error));
            }
            catch (ObjectDisposedException)
            {
                error = SocketError.OperationAborted;
            }

            if (_count > 0)
                return true;
            if (error == SocketError.InProgress && IsShutDown)
                error = SocketError.OperationAborted;
            if (error == SocketError.WouldBlock || (error == SocketError.InProgress && Clock.MillisecondsUntil(due) == 0))
                return false;
            if (error != SocketError.InProgress)
                _end = error;
        }

        return true;
    }

    private void Poll(int milliseconds, SelectMode mode)
    {
        try
        {
            _socket.Poll(milliseconds < 0 ? -1 : Math.Min(milliseconds, MaxPoll) * 1000, mode);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the next call reports why
        }
    }
}
