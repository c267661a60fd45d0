using System;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Transport;

/// <summary>
/// TLS over another transport, for either side. An SslStream works on bytes in memory, and this class moves them to and from the
/// other transport, so nothing waits. A receive decrypts every record that is whole. What the poller would then not report
/// (an end right behind the data), the transport reports by waking the loop for this connection. For one thread at a
/// time, but once the handshake is complete, another thread may send.
/// </summary>
#pragma warning disable CA1001 // Close and Abort dispose of the handshake
internal sealed class TlsTransport : ITransport
#pragma warning restore CA1001
{
    /// <summary>The least that a caller of <see cref="Receive"/> must have room for, so that whatever waits in memory fits.</summary>
    public const int MinCount = 20 * 1024;

    // How much is encrypted and sent at once.
    private const int MaxBatch = 64 * 1024;

    private const int MaxDiscard = 1024 * 1024;

    private readonly ITransport _transport;
    private readonly TlsBuffers _buffers;
    private readonly Action _wake;
    private readonly TlsSide _side;
    private readonly TlsOutput _output;
    private readonly TlsHandshake _handshake;
    private int _encrypted; // so many bytes of what is sent next are encrypted already, and in _output
    private bool _hasDecrypted;
    private bool _ended; // close_notify has come
    private bool _failed;
    private bool _closing;

    public TlsTransport(ITransport transport, TlsBuffers buffers, TlsSide side, Action wake)
    {
        _transport = transport;
        _buffers = buffers;
        _side = side;
        _wake = wake;
        _output = new TlsOutput(transport);
        _handshake = new TlsHandshake(transport, buffers, _output, side, wake);
    }

    public IPEndPoint RemoteEndPoint => _transport.RemoteEndPoint;

    public IPEndPoint? LocalEndPoint => _transport.LocalEndPoint;

    public string Problem { get; private set; } = "";

    /// <summary>The handshake is complete.</summary>
    public bool IsEstablished { get; private set; }

    /// <summary>What the handshake has agreed on, once it is complete.</summary>
    public TlsDetails Details => TlsPlatform.Details(_handshake.Stream);

    public bool WantsToSend => !_output.IsEmpty;

    public int Unread => _transport.Unread + _handshake.Pipe.Left;

    public int Unacknowledged => _transport.Unacknowledged + _output.Count;

    public int Receive(byte[] buffer, int offset, int count, out SocketError error)
    {
        if (_failed)
            return Discard(out error);
        if (!IsEstablished)
        {
            if (Handshake(out error) && _handshake.Pipe.Left > 0)
                _wake(); // what came with the last message of the handshake
            return 0;
        }

        if (_ended)
        {
            error = SocketError.Success;
            return 0;
        }

        var pipe = _handshake.Pipe;
        var held = pipe.MoveTo(_buffers.Input);
        var received = _transport.Receive(_buffers.Input, held, Math.Min(count, _buffers.Input.Length) - held, out error);
        pipe.Extend(received);
        var decrypted = 0;
        if (received > 0 || pipe.State != RecordState.Incomplete)
        {
            decrypted = Decrypt(buffer, offset, count);
            _hasDecrypted |= decrypted > 0;
            error = decrypted > 0 || _ended ? SocketError.Success : _failed ? SocketError.Fault : SocketError.InProgress;
            if (decrypted > 0 && (_ended || _failed))
                _wake();
        }
        else if (error == SocketError.Success)
        {
            error = Cut(held);
        }

        if (_ended || _failed)
            pipe.Drop();
        pipe.Keep();
        return decrypted;
    }

    public int Send(byte[] buffer, int offset, int count, out SocketError error)
    {
        error = SocketError.Fault;
        if (_failed || !_output.Flush(out error))
            return 0;

        var sent = _encrypted;
        _encrypted = 0;
        while (sent < count)
        {
            var batch = Math.Min(count - sent, MaxBatch);
            _buffers.Output.Clear();
            try
            {
                _handshake.Stream.Write(buffer, offset + sent, batch);
            }
            catch (Exception e)
            {
                error = Fail(TlsProblem.Describe(e, _side.Peer));
                break;
            }

            if (!_output.Send(_buffers.Output, out error))
            {
                _encrypted = batch;
                break;
            }

            sent += batch;
        }

        return sent;
    }

    public bool Shutdown()
    {
        SendCloseNotify();
        return _transport.Shutdown();
    }

    public void Close()
    {
        SendCloseNotify();
        _handshake.Dispose();
        _transport.Close();
    }

    public void Abort()
    {
        _handshake.Dispose();
        _transport.Abort();
    }

    /// <summary>Releases memory that SslStream holds from the handshake until it has first read.</summary>
    public void TrimIfSilent()
    {
        if (_hasDecrypted || _ended || _failed || _handshake.Pipe.IsClosed || _handshake.Pipe.Left > 0)
            return;

        try
        {
            _ = _handshake.Stream.Read(_buffers.Input, 0, 1);
        }
        catch (Exception)
        {
            // There was nothing to read. If there is more to it, the next receive fails, too.
        }
    }

    /// <summary>Releases what TLS holds, and leaves the transport below as it is.</summary>
    public void Release() => _handshake.Dispose();

    // Returns true once the handshake is complete; until then the error says why it is not.
    private bool Handshake(out SocketError error)
    {
        IsEstablished = _handshake.Advance(out error);
        if (IsEstablished)
        {
            error = SocketError.InProgress;
            _buffers.Established(this);
        }
        else if (error is not (SocketError.WouldBlock or SocketError.InProgress))
        {
            (Problem, _failed) = (_handshake.Problem, true);
        }

        return IsEstablished;
    }

    private int Decrypt(byte[] buffer, int offset, int count)
    {
        var decrypted = 0;
        var pipe = _handshake.Pipe;
        while (pipe.State == RecordState.Whole && !_ended)
        {
            try
            {
                var part = _handshake.Stream.Read(buffer, offset + decrypted, count - decrypted);
                decrypted += part;
                _ended = part == 0;
            }
            catch (Exception) when (pipe.Starved)
            {
                break; // the records had no data in them
            }
            catch (Exception e)
            {
                Fail(TlsProblem.Describe(e, _side.Peer));
                return decrypted;
            }
        }

        if (pipe.State == RecordState.Invalid && !_ended)
            Fail($"The {_side.Peer} sent bytes that are not TLS.");
        return decrypted;
    }

    // The peer has sent FIN, but not close_notify before it.
    private SocketError Cut(int held)
    {
        if (held > 0)
            return Fail("The connection was cut in the middle of a TLS record.");

        Problem = _hasDecrypted
            ? $"The {_side.Peer} closed without a TLS close_notify: it sends none, or the connection was cut."
            : $"The {_side.Peer} closed right after the TLS handshake, without a close_notify: {_side.Refusal}";
        return SocketError.Success;
    }

    private SocketError Fail(string problem)
    {
        _failed = true;
        Problem = problem;
        return SocketError.Fault;
    }

    // After a failure, what still comes is read and thrown away. Left unread, it would make the close a reset, which
    // can destroy the alert that is on its way to the peer.
    private int Discard(out SocketError error)
    {
        for (var left = MaxDiscard; left > 0;)
        {
            var count = _transport.Receive(_buffers.Input, 0, _buffers.Input.Length, out _);
            if (count == 0)
                break;
            left -= count;
        }

        error = SocketError.Fault;
        return 0;
    }

    private void SendCloseNotify()
    {
        if (_closing || !IsEstablished || _failed)
            return;

        _closing = true;
        if (_output.Flush(out _))
            _handshake.SendCloseNotify();
    }
}
