using System;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Polling;

/// <summary>
/// A pair of connected sockets: any thread can make the reader readable, and so wake a thread that polls it. For systems
/// where only sockets can be polled. It uses TCP, because a datagram can be lost even on the loopback interface.
/// </summary>
internal sealed class WakePair : IDisposable
{
    private static readonly byte[] Signal = new byte[1];

    private readonly byte[] _signals = new byte[64];
    private readonly Socket _writer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public WakePair()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        _writer.Connect(listener.LocalEndPoint!);
        Reader = listener.Accept();
        while (!_writer.LocalEndPoint!.Equals(Reader.RemoteEndPoint))
        {
            Reader.Dispose(); // another program connected first
            Reader = listener.Accept();
        }

        _writer.NoDelay = true;
        _writer.Blocking = Reader.Blocking = false;
    }

    /// <summary>The socket that becomes readable.</summary>
    public Socket Reader { get; }

    /// <summary>From any thread: makes the reader readable.</summary>
    public void Wake()
    {
        try
        {
            _writer.Send(Signal, 0, 1, SocketFlags.None, out _); // if the buffer is full, the reader is readable already
        }
        catch (ObjectDisposedException)
        {
            // The poller is closed, so no thread waits.
        }
    }

    /// <summary>Reads all signals.</summary>
    public void Drain()
    {
        while (Reader.Receive(_signals, 0, _signals.Length, SocketFlags.None, out _) > 0)
        {
        }
    }

    public void Dispose()
    {
        _writer.Dispose();
        Reader.Dispose();
    }
}
