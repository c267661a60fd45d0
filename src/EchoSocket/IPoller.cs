using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EchoSocket;

/// <summary>
/// Waits until one of many sockets is ready, and moves bytes without waiting. A token of the caller's names each socket.
/// Level-triggered: what is still ready is told again.
/// </summary>
internal interface IPoller : IDisposable
{
    /// <summary>Takes a socket on, and watches it for something to read. Tokens are small numbers.</summary>
    void Add(Socket socket, int token);

    /// <summary>Watches a socket for room to write instead of something to read, or the other way round.</summary>
    void Change(int token, bool forWriting);

    /// <summary>Watches a socket no more, because it is about to be closed or because it has to rest.</summary>
    void Remove(int token, bool closes);

    /// <summary>
    /// Waits at most so many milliseconds (-1: without limit) and writes the tokens of ready sockets to the array; an
    /// error counts as ready. Returns how many.
    /// </summary>
    int Wait(int milliseconds, int[] ready);

    /// <summary>Reads what there is. Zero with no error is the peer's end.</summary>
    int Receive(int token, byte[] buffer, out SocketError error);

    /// <summary>Sends what there is room for. Less than all of it with no error means: no more room just now.</summary>
    int Send(int token, byte[] buffer, int offset, int count, out SocketError error);
}

internal static class Poller
{
    /// <summary>The best that this system has.</summary>
    public static IPoller Create() => RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? new EpollPoller() : new SelectPoller();
}
