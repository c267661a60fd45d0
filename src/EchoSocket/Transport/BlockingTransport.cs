using System;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>
/// Moves the bytes of one connection with blocking calls, and reports errors as values. For one thread at a time, but
/// another one may <see cref="Send(byte[], int)"/>, and any thread may call <see cref="Shutdown()"/>.
/// </summary>
internal class BlockingTransport(Socket socket) : IDisposable
{
    // Closing a socket with unread input resets the connection (RFC 9293, section 3.6.1; Linux and Windows alike). So up
    // to this many bytes are read first. A peer that sends more after our FIN gets the reset.
    private const int MaxDrain = 1024 * 1024;

    // On Linux an accepted socket inherits TCP_NODELAY from its listener.
    private static readonly bool AcceptedInherits = RuntimeInformation.IsOSPlatform(OSPlatform.Linux);

    private int _receiveTimeout;
    private volatile bool _isShutDown;

    public bool IsDisposed { get; protected set; }

    /// <summary><see cref="Shutdown()"/> was called. What has come before it, and on Linux what comes after it, can still be read.</summary>
    protected bool IsShutDown => _isShutDown;

    /// <summary>More about the end that <see cref="Receive"/> or <see cref="Send(byte[], int)"/> reported last, as a sentence; otherwise empty.</summary>
    public virtual string Problem => "";

    /// <summary>There are bytes to read.</summary>
    public virtual bool HasUnread => SocketHasUnread;

    private bool SocketHasUnread => Holds(() => socket.Available > 0);

    // The size of the buffer counts the system's own records, too, so it is full with less data than that.
    private bool MayBeFull => Holds(() => socket.Available > socket.ReceiveBufferSize / 8);

    /// <summary>Turns Nagle's algorithm off, because every send is a whole message.</summary>
    public static void DisableNagle(Socket socket)
    {
        if (AcceptedInherits)
            return;

        try
        {
            socket.NoDelay = true;
        }
        catch (SocketException)
        {
            // macOS refuses options on a connection that was reset. The first receive reports the reset.
        }
    }

    /// <summary>
    /// Reads at least one byte. Zero with <see cref="SocketError.Success"/> is the peer's FIN. Fails with a time-out when
    /// the stopwatch shows <paramref name="due"/>, and with <see cref="SocketError.NetworkReset"/> if the peer can no longer be
    /// reached.
    /// </summary>
    public virtual int Receive(byte[] buffer, int offset, int count, long due, out SocketError error)
    {
        error = SocketError.TimedOut;
        var left = Clock.MillisecondsUntil(due);
        if (left == 0)
            return 0;

        try
        {
            // Changing the time-out costs a system call, so one that is up to 1 % too long is kept.
            if (left > _receiveTimeout || left < _receiveTimeout - (_receiveTimeout / 100))
                socket.ReceiveTimeout = _receiveTimeout = left;
            var received = socket.Receive(buffer, offset, count, SocketFlags.None, out error);
            if (error == SocketError.TimedOut && (left < 0 || Clock.MillisecondsUntil(due) > (left / 10) + 20))
                error = SocketError.NetworkReset; // the time-out of keep-alive, or of sending again
            return received;
        }
        catch (SocketException)
        {
            error = SocketError.ConnectionReset; // macOS then refuses options
            return 0;
        }
        catch (ObjectDisposedException)
        {
            error = SocketError.OperationAborted;
            return 0;
        }
    }

    /// <summary>Whether a receive would return at once; waits up to this time for that.</summary>
    public virtual bool IsReadable(int milliseconds = 0)
    {
        try
        {
            return socket.Poll(milliseconds * 1000, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true; // the receive reports why
        }
    }

    /// <summary>Sends the first <paramref name="count"/> bytes, all of them unless there is an error.</summary>
    public SocketError Send(byte[] buffer, int count) => Send(buffer, 0, count);

    /// <inheritdoc cref="Send(byte[], int)"/>
    public virtual SocketError Send(byte[] buffer, int offset, int count)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            socket.Send(buffer, offset, count, SocketFlags.None, out var error);
            return error == SocketError.TimedOut && IsEarly(start) ? SocketError.ConnectionReset : error;
        }
        catch (ObjectDisposedException)
        {
            return SocketError.OperationAborted;
        }
    }

    /// <summary>
    /// From any thread: sends FIN, and ends a receive and a send that wait. A peer that has filled the receive buffer does not
    /// learn that it is read afterwards (Linux sends no window update then): <see cref="Dispose"/> resets it.
    /// </summary>
    public virtual void Shutdown()
    {
        _isShutDown = true;
        Shutdown(SocketShutdown.Both);
    }

    /// <summary>Sends FIN. The peer's bytes still come.</summary>
    public virtual void EndSending() => Shutdown(SocketShutdown.Send);

    /// <summary>Closes with RST, at once.</summary>
    public void Abort()
    {
        Reset();
        Dispose();
    }

    /// <summary>Closes with FIN rather than RST, unless the peer keeps sending, or has filled the receive buffer before a <see cref="Shutdown()"/>.</summary>
    public virtual void Dispose()
    {
        IsDisposed = true;
        if (_isShutDown && MayBeFull)
            Reset();
        Shutdown(SocketShutdown.Send);
        Drain();
        socket.Dispose();
    }

    protected void Shutdown(SocketShutdown how)
    {
        try
        {
            socket.Shutdown(how);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer is gone already.
        }
    }

    // What is asked of a socket that may be closed; false if it is.
    private static bool Holds(Func<bool> question)
    {
        try
        {
            return question();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    private void Reset()
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0); // the close then sends RST
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer is gone already.
        }
    }

    // On Unix .NET reports every error of a blocking send that has sent its first bytes as a time-out. One that comes before
    // the time is up means that the peer reset the connection, or that we shut it down, which the caller knows.
    private bool IsEarly(long start)
    {
        var limit = socket.SendTimeout;
        return limit <= 0 || Clock.Since(start).TotalMilliseconds < 0.9 * limit;
    }

    private void Drain()
    {
        try
        {
            byte[]? buffer = null;
            for (var drained = 0; drained < MaxDrain && SocketHasUnread;)
            {
                buffer ??= new byte[16 * 1024];
                var count = socket.Receive(buffer, 0, buffer.Length, SocketFlags.None, out var error);
                if (count == 0 || error != SocketError.Success)
                    return;
                drained += count;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The connection is gone, so there is nothing to drain.
        }
    }
}
