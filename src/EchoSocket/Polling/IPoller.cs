using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EchoSocket.Transport;

namespace EchoSocket.Polling;

/// <summary>
/// Finds out which of many sockets are ready. The caller identifies each socket by a token, a small number above 0.
/// Level-triggered: a socket that is still ready is reported again. For one thread at a time, except <see cref="Wake"/>.
/// </summary>
internal interface IPoller : IDisposable
{
    /// <summary>Registers a non-blocking listener, with an interest in reading.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The system has no memory or no watches left.</exception>
    void Register(Socket listener, int token);

    /// <summary>Registers a connected socket with an interest in reading, takes ownership of it, and returns its transport.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The system has no memory or no watches left.</exception>
    ITransport Adopt(Socket socket, int token);

    /// <summary>
    /// Accepts the next client of a registered listener. Null if there is none; the error says why. Adopt the client with this
    /// poller, or with another one of its kind.
    /// </summary>
    ITransport? Accept(int listener, out SocketError error);

    /// <summary>
    /// Registers an accepted client with an interest in reading, and returns the transport to use from then on. Null if the system
    /// has no memory or no watches left; the client is not closed.
    /// </summary>
    ITransport? Adopt(ITransport client, int token, out SocketError error);

    /// <summary>Changes what a socket is watched for.</summary>
    void Change(int token, Interest interest);

    /// <summary>Unregisters a socket. Call it before closing the socket.</summary>
    void Unregister(int token);

    /// <summary>
    /// Waits for at most this many milliseconds (-1: without limit), writes the tokens of the ready sockets to the array, and
    /// returns their number. An error makes a socket ready. <see cref="Wake"/> is reported as <see cref="Poller.WakeToken"/>.
    /// </summary>
    int Wait(int milliseconds, int[] ready);

    /// <summary>From any thread, at any time: ends the current wait, or else the next one.</summary>
    void Wake();

    /// <summary>
    /// From any thread, at any time: makes the current wait, or else the next one, report this token as ready. The token may be
    /// that of another connection by then, for which it is one check too many.
    /// </summary>
    void Report(int token);
}

/// <summary>What a socket is watched for. The values are those of epoll(7).</summary>
[Flags]
internal enum Interest
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Data to read, or the end of the connection.</summary>
    Reading = 1,

    /// <summary>Room in the send buffer.</summary>
    Writing = 4,

    /// <summary>The peer's FIN, even behind data that is not read. Only epoll reports it.</summary>
    Closing = 0x2000,
}

internal static class Poller
{
    /// <summary>The token that reports a wake-up.</summary>
    public const int WakeToken = 0;

    /// <summary>Creates the best poller that this system has.</summary>
    public static IPoller Create() => RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? new EpollPoller() : new SelectPoller();
}
