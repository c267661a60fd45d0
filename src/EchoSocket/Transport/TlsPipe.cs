using System;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Transport;

/// <summary>
/// The stream under an SslStream, in memory. It gives out only whole records, and one record a read, so that SslStream never
/// holds a byte that it has not decrypted. During the handshake SslStream reads and writes asynchronously, perhaps on another
/// thread; after that synchronously, on the thread that serves. All other members are for the thread that serves.
/// </summary>
/// <param name="buffers">The memory shared by all connections of the thread.</param>
/// <param name="written">Called on SslStream's thread when it has written a part of the handshake.</param>
internal sealed class TlsPipe(TlsBuffers buffers, Action written) : Stream
{
    private readonly object _gate = new(); // guards what follows during the handshake
    private readonly ByteQueue _handshake = new();
    private byte[]? _store;
    private byte[] _input = [];
    private int _start;
    private int _left;
    private int _leftOfRecord; // of the one that is being read
    private TaskCompletionSource<int>? _pending;
    private ArraySegment<byte> _pendingBuffer;

    /// <summary>How much of the input has not been read.</summary>
    public int Left
    {
        get
        {
            lock (_gate)
                return _left;
        }
    }

    /// <summary>Whether a whole record can be read, or else whether what comes next is a record at all.</summary>
    public RecordState State
    {
        get
        {
            lock (_gate)
            {
                if (_left < TlsRecord.HeaderSize)
                    return RecordState.Incomplete;

                var size = TlsRecord.Size(_input, _start);
                return size < 0 ? RecordState.Invalid : size <= _left ? RecordState.Whole : RecordState.Incomplete;
            }
        }
    }

    /// <summary>True if the last synchronous read failed because there was no whole record.</summary>
    public bool Starved { get; private set; }

    /// <summary>True once it is disposed.</summary>
    public bool IsClosed { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>During the handshake: adds input, of which the pipe makes a copy.</summary>
    public void Feed(byte[] source, int count)
    {
        TaskCompletionSource<int>? pending = null;
        int read;
        lock (_gate)
        {
            _store ??= buffers.Rent();
            Buffer.BlockCopy(_input, _start, _store, 0, _left);
            Buffer.BlockCopy(source, 0, _store, _left, count);
            (_input, _start, _left) = (_store, 0, _left + count);

            read = _pending is null ? 0 : TakeFromRecord(_pendingBuffer.Array!, _pendingBuffer.Offset, _pendingBuffer.Count);
            if (read > 0)
                (pending, _pending) = (_pending, null);
        }

        pending?.SetResult(read); // SslStream continues within this call, or else on another thread
    }

    /// <summary>After the handshake: moves the unread input to the front of a buffer, and returns its length.</summary>
    public int MoveTo(byte[] buffer)
    {
        if (_left > 0)
            Buffer.BlockCopy(_input, _start, buffer, 0, _left);
        ReleaseStore();
        (_input, _start) = (buffer, 0);
        return _left;
    }

    /// <summary>Adds bytes that were written to that buffer behind the unread input.</summary>
    public void Extend(int count) => _left += count;

    /// <summary>Makes a copy of what is still unread, so that the buffer can be used for something else. It must be a part of one record.</summary>
    public void Keep()
    {
        if (_left > 0)
        {
            _store = buffers.Rent();
            Buffer.BlockCopy(_input, _start, _store, 0, _left);
            (_input, _start) = (_store, 0);
        }
    }

    /// <summary>Drops what is still unread.</summary>
    public void Drop() => _left = 0;

    /// <summary>
    /// During the handshake: sends what SslStream has written, and releases the memory for the input if all of it has been read.
    /// Returns true if nothing is left to send.
    /// </summary>
    public bool SendHandshake(TlsOutput output, out SocketError error)
    {
        lock (_gate)
        {
            if (_left == 0)
                ReleaseStore();

            var sent = output.Send(_handshake, out error);
            _handshake.Trim();
            return sent;
        }
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = TakeFromRecord(buffer, offset, count);
        Starved = read == 0 && count > 0; // SslStream reads zero bytes first, to wait before it takes a buffer
        return Starved ? throw new IOException("There is no whole TLS record yet.") : read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var read = TakeFromRecord(buffer, offset, count);
            if (read > 0 || count == 0 || IsClosed)
                return Task.FromResult(read);

            _pendingBuffer = new ArraySegment<byte>(buffer, offset, count);
            _pending = new TaskCompletionSource<int>();
            return _pending.Task;
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => buffers.Output.Append(buffer, offset, count);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        lock (_gate)
            _handshake.Append(buffer, offset, count);
        written();
        return Task.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        TaskCompletionSource<int>? pending;
        lock (_gate)
        {
            (pending, _pending, IsClosed, _left) = (_pending, null, true, 0);
            ReleaseStore();
        }

        pending?.SetResult(0); // ends the handshake
        base.Dispose(disposing);
    }

    private int TakeFromRecord(byte[] buffer, int offset, int count)
    {
        if (_leftOfRecord == 0 && State == RecordState.Whole)
            _leftOfRecord = TlsRecord.Size(_input, _start);

        var read = Math.Min(count, _leftOfRecord);
        Buffer.BlockCopy(_input, _start, buffer, offset, read);
        _start += read;
        _left -= read;
        _leftOfRecord -= read;
        return read;
    }

    private void ReleaseStore()
    {
        if (_store is null)
            return;

        buffers.Return(_store);
        _store = null;
        (_input, _start) = ([], 0);
    }
}

/// <summary>What begins at the front of a connection's unread input.</summary>
internal enum RecordState
{
    /// <summary>A part of a TLS record, or nothing.</summary>
    Incomplete,

    /// <summary>A whole TLS record.</summary>
    Whole,

    /// <summary>Something else.</summary>
    Invalid,
}
