using System;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EchoSocket.Polling;

/// <summary>
/// Waits until one of many sockets is ready, and moves bytes without waiting. A token of the caller's names each socket.
/// Level-triggered: what is still ready is told again.
/// </summary>
internal interface IPoller : IDisposable
{
    /// <summary>Takes a socket on, and watches it for something to read. Tokens are small numbers.</summary>
    void Add(Socket socket, int token);

    /// <summary>Watches a socket for something else than before; at first it is watched for something to read.</summary>
    void Change(int token, Interest interest);

    /// <summary>Knows a socket no more, which is to be closed next.</summary>
    void Remove(int token);

    /// <summary>
    /// Accepts the next client of a listener that it watches and that does not block, and watches it for something to read.
    /// Null where there is none; the error says why. The client is the poller's own until <see cref="Close"/>.
    /// </summary>
    IPEndPoint? Accept(int listener, int token, out SocketError error);

    /// <summary>
    /// Waits at most so many milliseconds (-1: without limit) and writes the tokens of ready sockets to the array; an
    /// error counts as ready. Returns how many.
    /// </summary>
    int Wait(int milliseconds, int[] ready);

    /// <summary>Reads what there is. Zero with no error is the peer's end.</summary>
    int Receive(int token, byte[] buffer, out SocketError error);

    /// <summary>Sends what there is room for. Less than all of it with no error means: no more room just now.</summary>
    int Send(int token, byte[] buffer, int offset, int count, out SocketError error);

    /// <summary>This end of a client that it accepted; null where the system does not tell (any more).</summary>
    IPEndPoint? LocalEndPoint(int token);

    /// <summary>Sends FIN to a client that it accepted. False where the connection is gone already.</summary>
    bool Shutdown(int token);

    /// <summary>Closes a client that it accepted, and watches it no more.</summary>
    void Close(int token);
}

/// <summary>What a socket is watched for. The values are those of epoll(7).</summary>
[Flags]
internal enum Interest
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Something to read, or an end.</summary>
    Reading = 1,

    /// <summary>Room to write.</summary>
    Writing = 4,
}

internal static class Poller
{
    /// <summary>The best that this system has.</summary>
    public static IPoller Create() => RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? new EpollPoller() : new SelectPoller();
}
