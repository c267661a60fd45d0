using System;
using System.Net.Sockets;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>
/// Receives datagrams in batches, and sends each back to where it came from, from the address that it was sent to. For one
/// thread, except <see cref="EndWait"/>.
/// </summary>
internal interface IDatagramSocket : IDisposable
{
    /// <summary>The socket, to be polled.</summary>
    Socket Socket { get; }

    /// <summary>Holds the bytes of the batch.</summary>
    byte[] Buffer { get; }

    /// <summary>The datagrams of the last <see cref="Receive"/>.</summary>
    Datagram[] Batch { get; }

    /// <summary>
    /// Whether <see cref="Receive"/> can wait by itself, which saves the call of a poller; otherwise it never waits.
    /// </summary>
    bool CanWait { get; }

    /// <summary>
    /// Receives at most so many datagrams that have come, and returns their number; 0 if the error says that there is none, or
    /// what else happened. If it is to wait, it waits for the first one, or for <see cref="EndWait"/>.
    /// </summary>
    int Receive(int max, bool wait, out SocketError error);

    /// <summary>From any thread: ends the current wait and all later ones.</summary>
    void EndWait();

    /// <summary>
    /// Sends some datagrams of the batch back, with the bytes that the buffer has now. Returns how many it sent before the error.
    /// </summary>
    int Send(int first, int count, out SocketError error);
}

/// <summary>A datagram of a batch.</summary>
internal struct Datagram
{
    /// <summary>Where its bytes are in the buffer.</summary>
    public int Offset;

    public int Count;

    public PeerAddress Remote;

    /// <summary>It was larger than its part of the buffer.</summary>
    public bool Truncated;

    /// <summary>It was sent to a broadcast or multicast address.</summary>
    public bool Broadcast;
}
