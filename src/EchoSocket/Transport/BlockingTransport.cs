using System;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>
/// A connected socket's bytes, blocking, with errors as values. What serves or calls a connection knows only these
/// few operations.
/// </summary>
internal sealed class BlockingTransport : IDisposable
{
    // What a peer sent and nobody read makes the close a reset (RFC 9293, section 3.6.1; Linux and Windows alike).
    // This much of it is read away first; a peer that keeps sending after our FIN gets the reset it asks for.
    private const int MostToDrain = 1024 * 1024;

    // On Linux what a listener accepts has the listener's TCP_NODELAY; elsewhere it is set on each.
    private static readonly bool AcceptedInherits = RuntimeInformation.IsOSPlatform(OSPlatform.Linux);

    private readonly Socket _socket;
    private volatile bool _shutDown;
    private int _disposed;

    public BlockingTransport(Socket socket) => _socket = socket;

    /// <summary>Turns Nagle's algorithm off: every send is a whole message, and nothing follows to wait for.</summary>
    public static void SendAtOnce(Socket socket)
    {
        if (AcceptedInherits)
            return;

        try
        {
            socket.NoDelay = true;
        }
        catch (SocketException)
        {
            // macOS refuses options on a connection already reset; the first receive will tell of it.
        }
    }

    /// <summary>Reads what there is, at least one byte. Zero with no error is the peer's orderly end.</summary>
    public int Receive(byte[] buffer, int offset, int count, out SocketError error)
    {
        try
        {
            return _socket.Receive(buffer, offset, count, SocketFlags.None, out error);
        }
        catch (ObjectDisposedException)
        {
            error = SocketError.OperationAborted;
            return 0;
        }
    }

    /// <summary>How long a receive may wait, in milliseconds.</summary>
    public void LimitReceive(int milliseconds)
    {
        try
        {
            _socket.ReceiveTimeout = milliseconds;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The connection is gone; the receive that follows says how.
        }
    }

    /// <summary>Whether a receive would return at once.</summary>
    public bool IsReadable()
    {
        try
        {
            return _socket.Poll(0, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true; // with the reason
        }
    }

    /// <summary>Sends all of it, unless there is an error; returns how much was sent.</summary>
    public int Send(byte[] buffer, int offset, int count, out SocketError error)
    {
        var start = Stopwatch.GetTimestamp();
        var sent = 0;
        error = SocketError.Success;
        try
        {
            while (sent < count && error == SocketError.Success)
                sent += _socket.Send(buffer, offset + sent, count - sent, SocketFlags.None, out error);

            if (error == SocketError.TimedOut && CutShort(start))
                error = _shutDown ? SocketError.OperationAborted : SocketError.ConnectionReset;
        }
        catch (ObjectDisposedException)
        {
            error = SocketError.OperationAborted;
        }

        return sent;
    }

    /// <summary>
    /// From any thread: ends a receive that waits. On Linux what has come is still read after it; sending goes on.
    /// </summary>
    public void EndReceiving() => Shutdown(SocketShutdown.Receive);

    /// <summary>From any thread: ends both directions in order, and with them a call that waits in the other two.</summary>
    public void Shutdown()
    {
        _shutDown = true;
        Shutdown(SocketShutdown.Both);
    }

    /// <summary>Closes in order: FIN, not RST, unless the peer goes on sending.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        Shutdown();
        Drain();
        _socket.Dispose();
    }

    private void Shutdown(SocketShutdown direction)
    {
        try
        {
            _socket.Shutdown(direction);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer is gone already; there is nobody to tell.
        }
    }

    // On Unix .NET calls every blocking send that was cut short after its first bytes a time-out, and tells the true
    // error to nobody. If the time was not up, and we did not shut the connection down, the peer reset it.
    private bool CutShort(long start)
    {
        var limit = _socket.SendTimeout;
        return limit <= 0 || Clock.Since(start).TotalMilliseconds < 0.9 * limit;
    }

    private void Drain()
    {
        try
        {
            var rest = _socket.Available == 0 ? null : new byte[16 * 1024];
            for (var drained = 0; rest != null && drained < MostToDrain && _socket.Available > 0;)
            {
                var count = _socket.Receive(rest, 0, rest.Length, SocketFlags.None, out var error);
                if (count == 0 || error != SocketError.Success)
                    return;
                drained += count;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Draining is a courtesy to the peer; without it the close still happens.
        }
    }
}
